import type { Identity } from '../../../lib/sops/age.ts'
import { isPostQuantum } from '../../../lib/sops/recipients.ts'
import type { Rotation } from '../rotation.ts'
import { writeSecretChanges } from './change.ts'
import { withNew, writeInTurn } from './guarded.ts'
import { heldStatus } from './judge.ts'
import { withIdentity } from './key-text.ts'
import { type Changed, planChanges } from './plan-changes.ts'
import type { RotatedSecret, RotationCluster } from './state.ts'
import type { WaitOptions } from './wait.ts'

/**
 * Puts the new identity beside the old one into each key Secret that holds the old one alone, in all clusters. A copy is left to
 * the tool that copies it, and a Secret that somebody keeps to them.
 * @param identity the new one, secret
 * @param options `dryRun`: nothing is written; `guard`: a post-quantum identity, which old controllers refuse with the whole Secret, is
 *   taken out again where a Kustomization fails with it
 * @throws UserError as `writeSecretChanges`; nothing was written then
 */
export async function distribute(
  clusters: readonly RotationCluster[],
  rotation: Rotation,
  identity: Identity,
  { dryRun = false, guard }: { dryRun?: boolean; guard?: WaitOptions } = {},
): Promise<Changed> {
  const planned = planChanges(clusters, {
    isConcerned: (secret) => heldStatus(secret, rotation) === 'old',
    order: 'put the new identity beside the old one',
    after: (secret) => besideOld(secret, rotation, identity),
  })
  if (dryRun) return planned
  if (guard && isPostQuantum(identity.recipient))
    return writeInTurn(clusters, planned, { ...guard, ...withNew })
  await writeSecretChanges(planned.changes)
  return planned
}

/** In the data key that holds the old one. */
function besideOld({ held }: RotatedSecret, { old }: Rotation, { secret }: Identity): Record<string, string> {
  const entry = held?.ageEntries.find(({ identities }) =>
    identities.some(({ recipient }) => recipient === old),
  )
  if (!held || !entry) return {}
  const text = Buffer.from(held.secret.data?.[entry.dataKey] ?? '', 'base64').toString()
  return { [entry.dataKey]: Buffer.from(withIdentity(text, secret)).toString('base64') }
}
