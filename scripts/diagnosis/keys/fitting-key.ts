import { flagsFor, type KeySecretId } from '../../findings/key-secret.ts'
import type { Identity } from '../../lib/sops/age.ts'
import { canDecrypt, type KeyGroups } from '../../lib/sops/recipients.ts'
import type { Keys } from './read-keys.ts'

/** An identity that opens what a Secret does not. */
export type FittingKey =
  /** It is the key at hand. */
  | { code: 'at-hand' }
  /** A Secret of the cluster has it. `place`: for people; `copy`: the command that writes it to where it belongs. */
  | { code: 'elsewhere'; place: string; copy: string }

/**
 * Looks for an identity that opens files: first at hand, then in the same Secret, where the controller does not read it, then in
 * the others.
 * @param to the Secret that does not open them
 */
export function findFittingKey(
  documents: readonly KeyGroups[],
  to: KeySecretId,
  keys: Keys,
  identities: readonly Identity[] = [],
): FittingKey | undefined {
  if (canDecrypt(documents, new Set(identities.map(({ recipient }) => recipient)))) return { code: 'at-hand' }
  const isSame = (id: KeySecretId) => id.namespace === to.namespace && id.name === to.name
  const entries = [...keys.secrets.values()].flatMap(({ id, byDataKey }) =>
    [...byDataKey].map(([dataKey, recipients]) => ({ id, dataKey, recipients })),
  )
  const sorted = [...entries.filter(({ id }) => isSame(id)), ...entries.filter(({ id }) => !isSame(id))]
  const found = sorted.find(({ recipients }) => canDecrypt(documents, new Set(recipients)))
  if (!found) return undefined
  const { id, dataKey } = found
  const place = isSame(id) ? `its data key ${dataKey}` : `secret ${id.namespace}/${id.name} (${dataKey})`
  return { code: 'elsewhere', place, copy: copyCommand(id, dataKey, to) }
}

/** The command that checks an identity of a Secret and writes it to another one, or to the right data key. It shows nothing of it. */
export function copyCommand(from: KeySecretId, dataKey: string, to: KeySecretId): string {
  const template = `'{{index .data "${dataKey}" | base64decode}}'`
  return `kubectl get secret ${from.name} -n ${from.namespace} -o go-template=${template} | mise run flux:sops-key --key-file -${flagsFor(to)}`
}
