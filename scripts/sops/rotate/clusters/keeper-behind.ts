import { branchOf, commitOf, type GitRepository } from '../../../lib/cluster/flux-objects.ts'
import { decryptionStateOf } from './decryption-state.ts'
import type { JudgeOptions } from './proof.ts'
import type { ClusterState, RotatedSecret } from './state.ts'

/**
 * Whether a Secret is to change by itself: a Kustomization applies it, and has not applied yet what was pushed. One that decrypts
 * nothing is not found: a key is encrypted in git.
 */
export function isKeeperBehind(
  { kept }: Pick<RotatedSecret, 'kept'>,
  { users }: Pick<ClusterState, 'users'>,
  { tip }: JudgeOptions,
): boolean {
  if (kept?.code !== 'kustomization') return false
  const { kustomization, source } = users.find(({ id }) => id === kept.kustomization) ?? {}
  if (!tip || !source || !kustomization || kustomization.spec.suspend || source.spec.suspend) return false
  if (branchOf(source as GitRepository) !== tip.branch) return false
  const { status } = kustomization
  if (commitOf(status?.lastAppliedRevision) === tip.commit) return false
  const hasTried = commitOf(status?.lastAttemptedRevision) === tip.commit
  return !hasTried || decryptionStateOf(kustomization).code === 'at-work'
}
