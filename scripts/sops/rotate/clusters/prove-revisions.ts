import { type Finding, finding } from '../../../findings/finding.ts'
import { someOf } from '../../../findings/some-of.ts'
import { describeNotSeen } from '../../../lib/applied/describe-not-seen.ts'
import { branchOf, commitOf, type GitRepository } from '../../../lib/cluster/flux-objects.ts'
import { shortCommit } from '../../../lib/git/git.ts'
import { type Departure, type Listed, listedIn } from '../rotation.ts'
import { decryptionStateOf } from './decryption-state.ts'
import { isChecked, type JudgeOptions, proofOf, type RotationProof } from './proof.ts'
import type { ClusterState, KeyUser } from './state.ts'

/** What was found of a Kustomization. */
interface Found {
  found: Finding
  isWaiting?: boolean
  isNote?: boolean
}

/** Proves that every Kustomization has decrypted what its source has, of which no file needs the old identity alone (P3). */
export function proveShared(
  users: readonly KeyUser[],
  rotation: Departure,
  options: JudgeOptions,
): RotationProof {
  return prove('P3', users, ['old-only'], rotation, options)
}

/**
 * Proves that every Kustomization has decrypted what its source has, of which no file is encrypted to the old recipient, and that
 * none of them has applied ciphertext (P5).
 */
export function proveCutOver(
  { ciphertext, notRead }: ClusterState,
  users: readonly KeyUser[],
  rotation: Departure,
  options: JudgeOptions,
): RotationProof {
  const asked = new Set(users.filter((user) => !isChecked(user, options)).map(({ id }) => id))
  const applied = ciphertext.filter(({ by }) => by.some((id) => asked.has(id)))
  const proof = prove('P5', users, ['old-only', 'both'], rotation, options)
  const unread = notRead.map((plural) => finding('rotate-live-unseen', {}, { plural }))
  return {
    ...proof,
    holds: proof.holds && applied.length === 0,
    findings: [...proof.findings, ...applied.map(({ finding: one }) => one), ...unread],
    isWaiting: proof.isWaiting && applied.length === 0,
  }
}

function prove(
  name: RotationProof['proof'],
  users: readonly KeyUser[],
  needing: readonly Listed[],
  rotation: Departure,
  options: JudgeOptions,
): RotationProof {
  const found = users
    .filter((user) => !isChecked(user, options))
    .flatMap((user) => proveUser(user, needing, rotation, options))
  const blocking = found.filter(({ isNote }) => !isNote)
  return proofOf(
    name,
    blocking.map((one) => one.found),
    blocking.filter(({ isWaiting }) => isWaiting).length,
    found.filter(({ isNote }) => isNote).map((one) => one.found),
  )
}

/** @param needing how a file stands that the next stage would lose */
function proveUser(
  user: KeyUser,
  needing: readonly Listed[],
  rotation: Departure,
  options: JudgeOptions,
): Found[] {
  const { id, kustomization, attempted, due, notSeen } = user
  const { name, namespace } = kustomization.metadata
  const place = { object: `kustomization ${id}` }
  const [unseen] = notSeen
  if (unseen) {
    const facts = { secret: user.secret ?? 'the key of the controller', why: describeNotSeen(unseen), id }
    return [{ found: finding('rotate-files-unseen', place, facts), isWaiting: isFirst(user) }]
  }
  const atDue = needed(user, due, needing, rotation)
  if (atDue) return [{ found: atDue, isWaiting: isBehind(user, options) }]
  const { code, says } = decryptionStateOf(kustomization)
  // it takes what its source has when it is resumed
  if (kustomization.spec.suspend) return []
  const commit = shortCommit(attempted ?? due ?? '')
  if (attempted !== due && needed(user, attempted, needing, rotation)) {
    const why = code === 'ready' ? '' : ` (${says})`
    const facts = { commit: shortCommit(due ?? ''), says: why, namespace: `${namespace}`, name }
    return [{ found: finding('rotate-behind', place, facts), isWaiting: code !== 'failed' }]
  }
  switch (code) {
    case 'ready':
      return []
    case 'failing-behind':
      return [{ found: finding('rotate-failing-behind', place, { says, name }), isNote: true }]
    case 'failed':
      // it goes on with what its source has; not where the artifact did not arrive
      return [
        {
          found: finding('rotate-not-decrypted', place, { commit, says, name }),
          isWaiting: attempted !== due && !says.startsWith('ArtifactFailed'),
        },
      ]
    default:
      // it has come to its end with this commit before, and begins anew from time to time
      if (hasApplied(user)) return []
      return [{ found: finding('rotate-not-settled', place, { commit, says }), isWaiting: true }]
  }
}

/** Whether it has applied what it has tried last: each Kustomization is at work again at its interval. */
function hasApplied({ attempted, kustomization: { metadata, status } }: KeyUser): boolean {
  const isSeen = status?.observedGeneration === metadata.generation
  return isSeen && attempted !== undefined && commitOf(status?.lastAppliedRevision) === attempted
}

/** Whether its source has not fetched anything yet, or it has not applied anything yet. */
function isFirst({ notSeen }: KeyUser): boolean {
  return notSeen.every(({ code }) => code === 'no-revision' || code === 'not-applied')
}

/** Whether a source follows the branch and has not fetched its tip. */
function isBehind({ source, due }: KeyUser, { tip }: JudgeOptions): boolean {
  if (!tip || !source || source.spec.suspend) return false
  return branchOf(source as GitRepository) === tip.branch && due !== tip.commit
}

/** The files at a commit that the next stage would lose. */
function needed(
  { id, files, source, kustomization }: KeyUser,
  commit: string | undefined,
  needing: readonly Listed[],
  rotation: Departure,
): Finding | undefined {
  const found = files.filter(
    (one) => one.commit === commit && needing.includes(listedIn(one.documents, rotation)),
  )
  if (commit === undefined || found.length === 0) return undefined
  const isAlone = found.every(({ documents }) => listedIn(documents, rotation) === 'old-only')
  const place = { object: `kustomization ${id}` }
  const facts = {
    builds: kustomization.spec.suspend ? 'is suspended, and builds when it is resumed' : 'builds',
    files: someOf([...new Set(found.map(({ file }) => file))].toSorted(), 3),
    commit: shortCommit(commit),
    encrypted: isAlone
      ? 'encrypted to the old recipient and not to the new one'
      : 'still encrypted to the old recipient',
  }
  if (!source) return finding('rotate-needs-old', place, facts)
  const of = { name: source.metadata.name, namespace: `${source.metadata.namespace}` }
  if (source.spec.suspend) return finding('rotate-needs-old-suspended', place, { ...facts, ...of })
  return branchOf(source as GitRepository) === undefined
    ? finding('rotate-needs-old-pinned', place, { ...facts, ...of })
    : finding('rotate-needs-old', place, facts)
}
