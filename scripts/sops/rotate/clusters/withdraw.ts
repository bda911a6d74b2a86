import { finding } from '../../../findings/finding.ts'
import { someOf } from '../../../findings/some-of.ts'
import { describeNotSeen } from '../../../lib/applied/describe-not-seen.ts'
import { shortCommit } from '../../../lib/git/git.ts'
import { listedIn, type Rotation } from '../rotation.ts'
import { writeSecretChanges } from './change.ts'
import { heldStatus } from './judge.ts'
import { type Changed, type ClusterFinding, planChanges } from './plan-changes.ts'
import { isChecked, type JudgeOptions } from './proof.ts'
import type { RotationCluster } from './state.ts'
import { valuesWithoutRecipient } from './take-out.ts'

/**
 * Takes the new identity out of the key Secrets again, in all clusters or in none: refused where a file at the revision of a cluster
 * is encrypted to the new recipient and not to the old one, or where that is not seen.
 * @returns no changes where it is refused
 * @throws UserError as `writeSecretChanges`
 */
export async function withdraw(
  clusters: readonly RotationCluster[],
  rotation: Rotation,
  options: JudgeOptions,
): Promise<Changed> {
  const needing = clusters.flatMap((cluster) => needingNew(cluster, rotation, options))
  if (needing.length > 0) return { changes: [], findings: needing }
  const planned = planChanges(clusters, {
    isConcerned: (secret) => heldStatus(secret, rotation) === 'both',
    order: 'take the new identity out',
    after: (secret) => valuesWithoutRecipient(secret, rotation.next, 'new'),
  })
  await writeSecretChanges(planned.changes)
  return planned
}

/** The Kustomizations that need the new identity, or of which it is not seen whether they do. */
function needingNew(
  { context, secrets, users }: RotationCluster,
  rotation: Rotation,
  options: JudgeOptions,
): ClusterFinding[] {
  return users.flatMap((user): ClusterFinding[] => {
    const { id, secret, files, notSeen } = user
    const held = secrets.get(secret ?? '')
    const isConcerned = held === undefined || ['both', 'new'].includes(heldStatus(held, rotation))
    if (!isConcerned || isChecked(user, options)) return []
    const place = { object: `kustomization ${id}` }
    const [unseen] = notSeen
    if (unseen) {
      const facts = { secret: secret ?? 'the key of the controller', why: describeNotSeen(unseen), id }
      return [{ context, finding: finding('rotate-files-unseen', place, facts) }]
    }
    const needing = files.filter(({ documents }) => listedIn(documents, rotation) === 'new-only')
    const [first] = needing
    if (!first) return []
    const names = someOf([...new Set(needing.map(({ file }) => file))].toSorted(), 3)
    const facts = { files: names, commit: shortCommit(first.commit) }
    return [{ context, finding: finding('rotate-needs-new', place, facts) }]
  })
}
