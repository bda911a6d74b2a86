import { type Finding, finding } from '../../../findings/finding.ts'
import { secretOf } from '../../../findings/key-secret.ts'
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

/** The copies that still hold an identity which is gone from what they are copies of. */
export function copiesBehind({ secrets }: Pick<ClusterState, 'secrets'>, recipient: string): RotatedSecret[] {
  const holds = (secret: RotatedSecret | undefined) => secret?.held?.recipients.has(recipient) === true
  return [...secrets.values()].filter(
    (secret) => secret.origin !== undefined && holds(secret) && !holds(secrets.get(secret.origin)),
  )
}

/** That a copy is not what it is a copy of. */
export function copyBehind({ id, kept, origin }: RotatedSecret): Finding {
  const tool = kept?.code === 'tool' ? kept.tool : 'the tool'
  return finding('rotate-copy-behind', { object: secretOf(id) }, { origin: `${origin}`, tool })
}
