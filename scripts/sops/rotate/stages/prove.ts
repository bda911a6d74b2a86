import { finding } from '../../../findings/finding.ts'
import { exit } from '../../../lib/errors.ts'
import { type ClusterJudgement, judgeCluster } from '../clusters/judge.ts'
import type { RotationProof } from '../clusters/proof.ts'
import type { RotationCluster } from '../clusters/state.ts'
import { waitForRevisions } from '../clusters/wait.ts'
import { refuseFor, sayFinding } from '../refusal.ts'
import { rootsElsewhere } from '../roots.ts'
import { judgeOptions, type RotationRun, readClustersAgain, readStandAgain } from '../run.ts'
import { proveFiles } from './prove-files.ts'
import { notLookedAt, proveValues } from './prove-values.ts'

/**
 * Proves that the old identity may leave the files: each of them opens without it, the clusters have it, they have applied what
 * is encrypted to both, and they decrypt what is encrypted to the new one alone. It waits for Flux where only time is needed.
 * @throws UserError where that is not so (exit 1), or can't be seen (exit 2)
 */
export async function proveShare(run: RotationRun): Promise<void> {
  const { options, log } = run
  const since = performance.now()
  requireSeen(run)
  const { clusterError } = run.stand.survey
  if (clusterError) throw clusterError
  const opened = await proveFiles(run)
  if (options.noCluster) {
    log.tell('prove', 'done', opened, since)
    return
  }
  await requireRoots(run)
  await requireProofs(run, ({ sharedProof }) => [sharedProof])
  run.stand = await readStandAgain(run, await readClustersAgain(run))
  await requireProofs(run, ({ secretsProof, sharedProof }) => [secretsProof, sharedProof])
  for (const found of notLookedAt(run)) sayFinding(found, run)
  const values = await proveValues(run)
  log.tell('prove', 'done', `${opened}; ${values}`, since)
  run.stand = await readStandAgain(run)
}

/**
 * Sees to it that every root of the repository that takes in files of the rotation is one of a cluster that was asked.
 * @throws UserError (exit 1) where one is of a cluster that nobody looks at
 */
export async function requireRoots(run: RotationRun): Promise<void> {
  const { options, stand } = run
  if (options.noCluster) return
  const { survey, states } = stand
  const concerned = states.filter(({ workingTree, head, branch }) =>
    [workingTree, head, branch].some((status) => status !== undefined && status !== 'neither'),
  )
  const roots = await rootsElsewhere(
    survey.repository,
    new Set(concerned.map(({ file }) => file)),
    survey.clusters.map(({ kustomizations }) => kustomizations),
  )
  const found = roots
    .map((root) => ({ ...root, checked: `./${root.directory}` }))
    .filter(({ checked }) => !options.checked.includes(checked))
    .map(({ file, id, directory, checked }) => finding('root-unseen', { file }, { id, directory, checked }))
  refuseFor(found, run)
}

/**
 * Waits until proofs hold in all clusters.
 * @param proofsOf what has to hold in a cluster
 * @param run its stand is brought up to date
 * @throws UserError (exit 1) where they do not, or not in time
 */
export async function requireProofs(
  run: RotationRun,
  proofsOf: (judgement: ClusterJudgement, cluster: RotationCluster) => readonly RotationProof[],
): Promise<void> {
  const { options, rotation, stand } = run
  const { survey } = stand
  const { timeout, caller } = options
  const asked = judgeOptions(survey, options)
  const judged = (cluster: RotationCluster) => judgeCluster(cluster, rotation, asked)
  const isOver = (cluster: RotationCluster) => {
    const open = proofsOf(judged(cluster), cluster).filter(({ holds }) => !holds)
    return open.length === 0 || !open.every(({ isWaiting }) => isWaiting)
  }
  const clusters = await waitForRevisions(survey.clusters, isOver, { timeout, status: caller.status })
  const failed = clusters.flatMap((cluster) =>
    proofsOf(judged(cluster), cluster).filter(({ holds }) => !holds),
  )
  run.stand = { ...stand, judgements: clusters.map(judged), survey: { ...survey, clusters } }
  refuseFor(
    failed.flatMap(({ findings }) => findings),
    run,
  )
}

/** What was not looked at is never nothing. @throws UserError (exit 2) */
export function requireSeen(run: RotationRun): void {
  const { stand, options } = run
  const { survey, unread, standing } = stand
  // a repository without a remote is all that there is
  const isAlone = options.noCluster && !standing.isUnpublished
  const open = survey.places.unread.filter(({ code }) => !(isAlone && code === 'branch-unset'))
  refuseFor([...open, ...unread], run, exit.notDone)
}
