import { finding } from '../../../findings/finding.ts'
import type { Identity } from '../../../lib/sops/age.ts'
import { canDecrypt, type KeyGroups } from '../../../lib/sops/recipients.ts'
import { InTheWay, notOpened } from './troubles.ts'

/**
 * Requires that these identities open a file, with no help of its other keys.
 * @param documents the key groups of each of its documents
 * @throws InTheWay: `unopenable` where they open nothing, `unreachable` where they open fewer key groups than are needed
 */
export function requireOpened(
  file: string,
  documents: readonly KeyGroups[],
  identities: readonly Identity[],
): void {
  const own = new Set(identities.map(({ recipient }) => recipient))
  const closed = documents.find((document) => !canDecrypt([document], own))
  if (!closed) return
  const opened = closed.groups.filter(({ age }) => age.some((recipient) => own.has(recipient))).length
  if (opened === 0)
    throw notOpened(
      file,
      closed.groups.flatMap(({ age }) => age),
    )
  const facts = { needed: `${closed.threshold}`, opened: `${opened}` }
  throw new InTheWay('unreachable', finding('rotate-groups-closed', { file }, facts))
}
