import { finding } from '../../findings/finding.ts'
import { idOf } from '../../lib/cluster/flux-objects.ts'
import { repositoryRoot } from '../../lib/git/git.ts'
import { openBranch } from './branch/branch.ts'
import { readClusterKey } from './checks/cluster-key.ts'
import { requireSameRepository } from './checks/repository.ts'
import { findTarget, type Target } from './checks/target.ts'
import { notChecked } from './findings/verdict.ts'
import { type Prepared, prepareSecret } from './prepare-secret.ts'
import type { Progress, Session } from './session.ts'
import { refusePresentFailure } from './wait/present.ts'
import { type Watching, watchFlux } from './wait/watching.ts'

/** How long the API server may take until it lets the objects be watched, in ms. */
const watchLimit = 10_000

/** What came of the checks. */
interface Checked {
  /** The name of the context. */
  context: string
  target: Target
  prepared: Prepared
}

/**
 * The first stage: checks all that can be known before something is pushed, and opens what the other stages need.
 * @returns what holds a branch, which must be closed
 * @throws Verdict or another UserError where a round trip could not work; the branch is closed then
 */
export async function prepare(session: Session, progress: Progress): Promise<Prepared> {
  const { prepared } = await session.stages.run(
    'checks',
    'checking the cluster and the repository',
    () => check(session, progress),
    ({ context, target, prepared }) =>
      `context ${context}, kustomization ${idOf(target.kustomization)}, branch ${target.branch}${prepared.keyFits ? ', the key in the cluster fits' : ''}`,
  )
  return prepared
}

async function check(session: Session, progress: Progress): Promise<Checked> {
  const { cluster, view, findings, options } = session
  const { cwd, env, signal } = options.caller
  const opening = repositoryRoot(cwd, env)
  const [root, context, target] = await Promise.all([
    opening,
    cluster.context,
    findTarget(cluster, options.kustomization, async () => ({ root: await opening, env, signal }), cwd),
  ])
  progress.context = context
  progress.target = target
  if (!target.seesAll) findings.push(finding('namespaces-unseen', { object: `context ${context}` }, {}))
  // opened at once, so that they run when they are needed
  const flux = watchFlux(view, target)
  const reading = readClusterKey(cluster, target)
  // thrown below, when the worktree that is being made can be removed again
  reading.catch(() => {})
  const branch = await openBranch(
    { root, env, signal },
    {
      remote: options.remote,
      branch: target.branch,
      note: options.caller.note,
    },
  )
  try {
    const key = await reading
    await requireSameRepository(branch, target, options.remote)
    const prepared = await prepareSecret(
      session,
      { repositoryRoot: root, target, flux, branch, key },
      progress,
    )
    await waitUntilWatched(prepared.watching, context)
    await refusePresentFailure(prepared.watching)
    if (Date.now() >= session.deadline)
      throw notChecked(finding('timeout', { object: `context ${context}` }, {}))
    return { context, target, prepared }
  } catch (error) {
    await branch.close()
    throw error
  }
}

/** Waits until all objects are watched, so that a right which is missing shows before anything is pushed. @throws Verdict; KubectlError */
async function waitUntilWatched(watching: Watching, context: string): Promise<void> {
  const { view, kustomizations, sources, secrets } = watching
  const areOpen = () => [kustomizations, sources, secrets].every(({ isOpen }) => isOpen)
  if (await view.until(() => areOpen() || undefined, Date.now() + watchLimit)) return
  throw notChecked(finding('not-watched', { object: `context ${context}` }, {}))
}
