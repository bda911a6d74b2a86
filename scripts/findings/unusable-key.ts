import { ageDataKey, type KeySecret } from '../lib/cluster/key-secret.ts'
import { type Finding, type FindingPlace, finding } from './finding.ts'
import { flagsFor, type KeySecretId, unusableEntry } from './key-secret.ts'

/** That the controller cannot read a data key of a key Secret. @param entry as `unusableEntry` takes it */
export function unusableKey(
  secret: KeySecretId,
  entry: { dataKey: string; reason: string | undefined },
  place: FindingPlace,
): Finding {
  const facts = unusableEntry(secret, entry)
  return entry.dataKey === ageDataKey
    ? finding('key-unusable', place, { reason: facts.reason, flags: flagsFor(secret) })
    : finding('entry-unusable', place, facts)
}

/** That the controller finds no identity in a key Secret that it can read. */
export function noIdentity(
  secret: KeySecretId,
  { ageEntries: [empty], otherDataKeys }: KeySecret,
  place: FindingPlace,
): Finding {
  const why = empty
    ? `${empty.dataKey} holds none`
    : `no data key ends in .agekey; it has: ${otherDataKeys.join(', ') || 'none'}`
  return finding('no-identity', place, { why, flags: flagsFor(secret) })
}
