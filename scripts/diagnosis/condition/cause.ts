import type { Code } from '../../findings/catalogue.ts'
import type { Finding, FindingPlace } from '../../findings/finding.ts'
import type { KeySecretId } from '../../findings/key-secret.ts'

/** Why a Kustomization cannot be applied. */
export interface Cause {
  code: Code
  /** Matched against the message on one line (`oneLine`): sops breaks its lines at changing places. */
  text: RegExp
  /** It counts only where the decryption block names no key Secret. */
  isWithoutSecretRef?: boolean
  /** @param named what the named groups of `text` have matched */
  find(named: Readonly<Record<string, string>>, place: FindingPlace, key: KeySecretId): Finding
}
