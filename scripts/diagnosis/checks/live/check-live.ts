import type { ClusterCheck } from '../../check.ts'
import { finderOfApplied } from '../../live/applied-build.ts'
import { ciphertextIn } from '../../live/ciphertext.ts'
import { liveObjects } from '../../live/live-objects.ts'
import { ciphertextApplied } from './ciphertext-applied.ts'
import { findDeleted } from './deleted.ts'
import { findElsewhere } from './elsewhere.ts'
import { findLeftBehind } from './left-behind.ts'
import { findSecondOwners } from './second-owners.ts'
import { findSubstituted } from './substituted.ts'

/** Looks at what Flux has applied: ciphertext as values, objects with several owners or none, and what is missing. */
export const checkLive: ClusterCheck = async (evidence) => {
  const { snapshot } = evidence
  const beside = await snapshot.applied()
  const objects = liveObjects(snapshot, beside)
  const found = objects.flatMap((live) => ciphertextIn(live) ?? [])
  const applied = finderOfApplied(evidence)
  const shared = await findSecondOwners(evidence, objects, found, applied)
  const substituted = findSubstituted(found, snapshot)
  const unexplained = found.filter(
    (one) => !shared.explained.has(one.live) && !substituted.explained.has(one),
  )
  return [
    ...shared.diagnoses,
    ...(await ciphertextApplied(unexplained, snapshot, applied)),
    ...substituted.diagnoses,
    ...findDeleted(snapshot),
    ...findLeftBehind(objects, snapshot),
    ...findElsewhere(snapshot),
  ]
}
