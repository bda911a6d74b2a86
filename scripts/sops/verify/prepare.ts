import { commitOf, idOf } from '../../lib/cluster/flux-objects.ts'
import { repositoryRoot } from '../../lib/git.ts'
import { type Branch, openBranch } from './branch/branch.ts'
import { withoutCredentials } from './branch/remote.ts'
import { type ClusterKey, readClusterKey } from './checks/cluster-key.ts'
import { findTarget, type Target } from './checks/target.ts'
import { notChecked } from './findings/verdict.ts'
import { type PreparedSecret, prepareSecret } from './prepare-secret.ts'
import type { Progress, Session } from './session.ts'
import { type Watching, watchFlux } from './wait/watching.ts'

/** How long the API server may take until it lets the objects be watched, in ms. */
const watchLimit = 10_000

/** What the checks have found and opened: all that the other stages need. */
export interface Prepared extends PreparedSecret {
  /** The name of the context. */
  context: string
  key: ClusterKey
}

/**
 * The first stage: checks all that can be known before something is pushed, and opens what a round trip needs.
 * @returns what holds a branch, which must be closed
 * @throws Verdict or another UserError where a round trip could not work; the branch is closed then
 */
export function prepare(session: Session, progress: Progress): Promise<Prepared> {
  return session.stages.run(
    'checks',
    'checking the cluster and the repository',
    () => check(session, progress),
    ({ context, key, watching: { target } }) =>
      `context ${context}, kustomization ${idOf(target.kustomization)}, branch ${target.branch}${'recipients' in key ? ', the key in the cluster fits' : ''}`,
  )
}

async function check(session: Session, progress: Progress): Promise<Prepared> {
  const { cluster, view, findings, options } = session
  const { cwd, env, signal } = options.caller
  const [root, context, target] = await Promise.all([
    repositoryRoot(cwd, env),
    cluster.context,
    findTarget(cluster, options.kustomization),
  ])
  progress.context = context
  progress.target = target
  // opened at once, so that they run when they are needed
  const flux = watchFlux(view, target)
  const reading = readClusterKey(cluster, target)
  // thrown below, when the worktree that is being made can be removed again
  reading.catch(() => {})
  const branch = await openBranch({ root, env, signal }, { remote: options.remote, branch: target.branch })
  try {
    const key = await reading
    if ('unknown' in key) findings.push(key.unknown)
    await requireSameRepository(branch, target, options.remote)
    const secret = await prepareSecret(session, { target, flux, branch, key }, progress)
    await waitUntilWatched(secret.watching, context)
    return { ...secret, context, key }
  } catch (error) {
    await branch.close()
    throw error
  }
}

/** A commit pushed to another repository than the cluster's would never arrive. @throws Verdict */
async function requireSameRepository(branch: Branch, { source }: Target, remote: string): Promise<void> {
  const commit = `${commitOf(source.status?.artifact?.revision)}`
  if (await branch.has(commit)) return
  throw notChecked({
    code: 'other-repository',
    object: `gitrepository ${idOf(source)}`,
    facts: { commit, url: withoutCredentials(source.spec.url), remote: withoutCredentials(remote) },
  })
}

/** Waits until all objects are watched, so that a right which is missing shows before anything is pushed. @throws Verdict; KubectlError */
async function waitUntilWatched(watching: Watching, context: string): Promise<void> {
  const { view, kustomizations, sources, secrets } = watching
  const areOpen = () => [kustomizations, sources, secrets].every(({ isOpen }) => isOpen)
  if (await view.until(() => areOpen() || undefined, Date.now() + watchLimit)) return
  throw notChecked({ code: 'timeout', object: `context ${context}`, facts: { waitedFor: 'watch' } })
}
