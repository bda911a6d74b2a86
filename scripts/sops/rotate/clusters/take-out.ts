import type { HeldKeys } from '../../../diagnosis/keys/read-keys.ts'
import { type Finding, finding } from '../../../findings/finding.ts'
import { secretOf } from '../../../findings/key-secret.ts'
import type { AgeEntry } from '../../../lib/cluster/key-secret.ts'
import { withoutIdentity } from './key-text.ts'
import type { RotatedSecret } from './state.ts'

/**
 * The data keys of a Secret without an identity; one that has no other goes.
 * @param which `old`
 * @returns a finding where no identity would be left
 */
export function valuesWithoutRecipient(
  { id, held }: RotatedSecret,
  recipient: string,
  which: string,
): Record<string, string | null> | Finding {
  if (!held || [...held.recipients].every((one) => one === recipient))
    return finding('rotate-secret-emptied', { object: secretOf(id) }, { which })
  const own = held.ageEntries.filter(({ identities }) =>
    identities.some((one) => one.recipient === recipient),
  )
  return Object.fromEntries(own.map((entry) => [entry.dataKey, valueWithout(entry, held, recipient)]))
}

function valueWithout(
  { dataKey, identities, pluginLines }: AgeEntry,
  { secret }: HeldKeys,
  recipient: string,
): string | null {
  const others = identities.filter((one) => one.recipient !== recipient)
  if (others.length === 0 && pluginLines.length === 0) return null
  const text = Buffer.from(secret.data?.[dataKey] ?? '', 'base64').toString()
  const left = identities
    .filter((one) => one.recipient === recipient)
    .reduce((before, one) => withoutIdentity(before, one.secret, recipient), text)
  return Buffer.from(left).toString('base64')
}
