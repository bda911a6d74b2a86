import { type Finding, type FindingPlace, finding } from '../../findings/finding.ts'
import { flagsFor, secretOf } from '../../findings/key-secret.ts'
import { pluginLinesIn } from '../../lib/cluster/key-secret.ts'
import type { Identity } from '../../lib/sops/age.ts'
import { type KeyGroup, type KeyGroups, listRecipients, recipientsAmong } from '../../lib/sops/recipients.ts'
import { findFittingKey } from './fitting-key.ts'
import type { HeldKeys, Keys } from './read-keys.ts'

/**
 * That a Secret does not open what is encrypted, and where a key is that does.
 * @param closed `what`: how it is called; `documents`: the keys that open it
 */
export function unfittingKey(
  { what, documents }: { what: string; documents: readonly KeyGroups[] },
  held: HeldKeys,
  place: FindingPlace,
  { keys, identities }: { keys: Keys; identities: readonly Identity[] | undefined },
): Finding {
  const groups = tooFewGroups(documents, held.recipients)
  if (groups) return finding('key-groups', place, { ...groups, rule: what })
  const recipients = listRecipients(recipientsAmong(documents)) || 'no age recipient'
  const inCluster = listRecipients([...held.recipients]) || 'nobody'
  const facts = {
    what,
    keys: `: it is encrypted to ${recipients}, and ${secretOf(held.id)} has the key of ${inCluster}${hiding(held)}`,
  }
  const flags = flagsFor(held.id)
  const fitting = findFittingKey(documents, held.id, keys, identities)
  if (!fitting) return finding('wrong-key', place, { ...facts, flags })
  return fitting.code === 'at-hand'
    ? finding('wrong-key-at-hand', place, { ...facts, flags })
    : finding('wrong-key-elsewhere', place, { ...facts, place: fitting.place, copy: fitting.copy })
}

/** That Flux names a plugin instead of the key, where the Secret has an identity of one (docs/decryption.md#what-an-identity-is). */
function hiding({ ageEntries }: HeldKeys): string {
  const lines = pluginLinesIn(ageEntries)
  return lines.length > 0 ? `, beside that of a plugin, which Flux complains of (${lines.join('; ')})` : ''
}

/** The facts of a file of several key groups, of which some are opened and not enough. */
function tooFewGroups(
  documents: readonly KeyGroups[],
  recipients: ReadonlySet<string>,
): Record<'opened' | 'groups' | 'needed', string> | undefined {
  const isOpened = ({ age }: KeyGroup) => age.some((one) => recipients.has(one))
  const document = documents.find(
    ({ groups, threshold }) => groups.length > 1 && groups.filter(isOpened).length < threshold,
  )
  if (!document) return undefined
  const { groups, threshold } = document
  const closed = groups.flatMap((group, index) =>
    isOpened(group)
      ? []
      : `group ${index + 1} is for ${listRecipients(group.age) || group.others.join(', ')}`,
  )
  return {
    opened: `${groups.length - closed.length}`,
    groups: `${groups.length}`,
    needed: `${threshold === groups.length ? 'all' : threshold}: ${closed.join('; ')}`,
  }
}
