import type { Code, catalogue } from '../../findings/catalogue.ts'
import type { FactsOf } from '../../findings/entry.ts'
import { type Finding, type FindingPlace, finding } from '../../findings/finding.ts'
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

/** The codes whose texts want to know nothing. */
type PlainCode = {
  [One in Code]: keyof FactsOf<(typeof catalogue)[One]> extends never ? One : never
}[Code]

/** A cause whose texts want to know nothing. */
export function plainCause(code: PlainCode, text: RegExp): Cause {
  return { code, text, find: (_, place) => finding(code, place, {}) }
}

/**
 * A cause whose texts want to know something.
 * @param facts what they say before anybody has looked behind the message; what `text` has matched under these names is said instead
 */
export function cause<One extends Code>(
  code: One,
  text: RegExp,
  facts: FactsOf<(typeof catalogue)[One]>,
): Cause {
  return {
    code,
    text,
    find: (named, place) => {
      const known = Object.entries(named).filter(([name, value]) => name in facts && value !== undefined)
      return finding(code, place, { ...facts, ...Object.fromEntries(known) })
    },
  }
}
