import type { KeySecretId } from '../../../findings/key-secret.ts'
import type { DecryptedFile } from '../../../lib/applied/decrypted-files.ts'
import type { Keeper } from '../../../lib/applied/keeper.ts'
import { type Departure, isAmong, type Listed, listedIn } from '../rotation.ts'
import { decryptionStateOf } from './decryption-state.ts'
import type { JudgeOptions, RotationProof } from './proof.ts'
import { proveCutOver, proveShared } from './prove-revisions.ts'
import { proveSecrets } from './prove-secrets.ts'
import type { ClusterState, KeyUser, RotatedSecret } from './state.ts'

/** Which of the two identities a key Secret holds. */
export type HeldStatus = 'none' | 'old' | 'both' | 'new'

/** A key Secret in a rotation. */
export interface SecretJudgement extends KeySecretId {
  status: HeldStatus
  /** Who would put it back: `kustomization flux-system/apps`. */
  keptBy: string | undefined
  /** The Secret that it is a copy of, `namespace/name`: it follows that one. */
  copyOf: string | undefined
}

/** A Kustomization that decrypts with such a Secret. */
export interface UserJudgement {
  /** `namespace/name` */
  id: string
  /** The commit that it is at; `undefined` before it is at any. */
  revision: string | undefined
  /** Of its files there, and at the commit that it finds in its source: the worst of them. */
  status: Listed | 'not-seen'
  /** What it says of itself, or why nothing is seen. */
  reason: string
  isSuspended: boolean
}

/** How a rotation stands in a cluster. */
export interface ClusterJudgement {
  context: string
  secrets: SecretJudgement[]
  kustomizations: UserJudgement[]
  /** Every key Secret that holds the old identity holds the new one (P2). */
  secretsProof: RotationProof
  /** Every Kustomization decrypts files of which none needs the old identity alone (P3). */
  sharedProof: RotationProof
  /** Every Kustomization has decrypted what is no longer encrypted to the old recipient (P5). */
  cutOverProof: RotationProof
}

/** Judges how a rotation stands in a cluster. */
export function judgeCluster(
  state: ClusterState,
  rotation: Departure,
  options: JudgeOptions,
): ClusterJudgement {
  const concerned = state.users.filter((user) => isConcerned(user, state, rotation))
  return {
    context: state.context,
    secrets: [...state.secrets.values()]
      .map((secret) => ({ secret, status: heldStatus(secret, rotation) }))
      // what is only called like a key Secret may be anything
      .filter(({ secret, status }) => secret.users.length > 0 || status !== 'none')
      .map(({ secret, status }) => ({
        ...secret.id,
        status,
        keptBy: secret.kept && keeperName(secret.kept),
        copyOf: secret.origin,
      })),
    kustomizations: concerned.map((user) => judgeUser(user, rotation)),
    secretsProof: proveSecrets(state, rotation, options),
    sharedProof: proveShared(concerned, rotation, options),
    cutOverProof: proveCutOver(state, concerned, rotation, options),
  }
}

/** Which of the two identities a Secret holds, as the controller reads it. */
export function heldStatus({ held }: RotatedSecret, { old, next }: Departure): HeldStatus {
  const [hasOld, hasNext] = [old, next].map((one) => isAmong(one, held?.recipients ?? []))
  if (hasOld) return hasNext ? 'both' : 'old'
  return hasNext ? 'new' : 'none'
}

/** Whether a Kustomization decrypts with a Secret of the rotation, or one that cannot be seen. */
function isConcerned(
  { secret, files, notSeen }: KeyUser,
  { secrets }: ClusterState,
  rotation: Departure,
): boolean {
  if (secret === undefined) return notSeen.length > 0 || worstOf(files, rotation) !== 'neither'
  const found = secrets.get(secret)
  return found !== undefined && heldStatus(found, rotation) !== 'none'
}

/** The worst first. */
const order = ['old-only', 'both', 'new-only', 'neither'] as const

/** How files stand together: as the one of them that needs the old identity most. */
export function worstOf(files: readonly DecryptedFile[], rotation: Departure): Listed {
  const all = new Set(files.map(({ documents }) => listedIn(documents, rotation)))
  return order.find((one) => all.has(one)) ?? 'neither'
}

function judgeUser(user: KeyUser, rotation: Departure): UserJudgement {
  const { id, kustomization, attempted, due, files, notSeen } = user
  const [unseen] = notSeen
  return {
    id,
    revision: attempted ?? due,
    status: unseen ? 'not-seen' : worstOf(files, rotation),
    reason: unseen ? unseen.code : decryptionStateOf(kustomization).says,
    isSuspended: kustomization.spec.suspend === true,
  }
}

function keeperName(keeper: Keeper): string {
  if (keeper.code === 'kustomization') return `kustomization ${keeper.kustomization}`
  return keeper.code === 'owner' ? `${keeper.kind} ${keeper.name}` : keeper.tool
}
