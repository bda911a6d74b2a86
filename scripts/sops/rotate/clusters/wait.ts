import type { Finding } from '../../../findings/finding.ts'
import type { Caller } from '../../../lib/caller.ts'
import { openView, type Watched } from '../../../lib/cluster/cluster-view.ts'
import {
  fetchFailureOf,
  type GitRepository,
  gitRepositories,
  idOf,
  type Kustomization,
  kustomizations,
} from '../../../lib/cluster/flux-objects.ts'
import { requestReconcile } from '../../verify/wait/reconcile.ts'
import { areDependenciesReady, waitsForDependencies } from './dependencies.ts'
import type { RotationCluster } from './state.ts'

/** How clusters are waited for. */
export interface WaitOptions extends Pick<Caller, 'status'> {
  /** In ms. */
  timeout: number
}

/** How long a source may take to say that it has looked, in ms: a user who may not ask it waits for its interval. */
const fetchLimit = 30_000

/** After how long the Secrets are read again while something is waited for, in ms. */
const secretsLimit = 5000

/**
 * Has Flux fetch what was pushed, and waits by watches until `isOver` holds in each cluster.
 * @param isOver whether there is nothing more to wait for
 * @returns the clusters as they are then; as they are when the time is over where it does not hold
 * @throws KubectlError where a cluster does not answer; the reason of its signal
 */
export async function waitForRevisions(
  clusters: readonly RotationCluster[],
  isOver: (cluster: RotationCluster) => boolean,
  { timeout, status }: WaitOptions,
): Promise<RotationCluster[]> {
  const waiting = new Set(clusters.map(({ context }) => context))
  const tell = () => status(`waiting for Flux: ${[...waiting].join(', ')}`)
  tell()
  try {
    return await Promise.all(
      clusters.map(async (cluster) => {
        const found = await waitIn(cluster, isOver, Date.now() + timeout)
        waiting.delete(cluster.context)
        tell()
        return found
      }),
    )
  } finally {
    status(undefined)
  }
}

async function waitIn(
  start: RotationCluster,
  isOver: (cluster: RotationCluster) => boolean,
  deadline: number,
): Promise<RotationCluster> {
  const { cluster } = start
  const view = openView(cluster)
  try {
    const users = view.watch<Kustomization>(
      'cannot watch Kustomizations',
      kustomizations,
      {},
      { known: start.kustomizations },
    )
    const sources = view.watch<GitRepository>(
      'cannot watch GitRepositories',
      gitRepositories,
      {},
      { known: start.sources },
    )
    const findings: Finding[] = []
    const fetched = await askSources(start, findings)
    const limit = Date.now() + fetchLimit
    const asked = new Map<string, string>()
    let state = start
    let readAt = Date.now()
    const over = await view.until(async () => {
      const hasLooked = [...fetched].every(([id, request]) => hasHandled(sources.objects.get(id), request))
      const now = await state.at([...users.objects.values()], [...sources.objects.values()])
      const mayBeOver = (hasLooked || Date.now() > limit) && isOver(now)
      // the Secrets, and what was applied, are not watched
      if (mayBeOver || Date.now() > readAt + secretsLimit) {
        state = await start.again()
        readAt = Date.now()
      }
      // Flux may have begun anew meanwhile
      if (mayBeOver && isOver(state)) return state
      await wake(now, users, { asked, findings })
      return undefined
    }, deadline)
    return over ?? (await start.again())
  } finally {
    await view.close()
  }
}

/** Tells the sources of the users to look at once. @returns what was asked of each */
async function askSources(
  { cluster, users, sources }: RotationCluster,
  findings: Finding[],
): Promise<Map<string, string>> {
  const used = new Set(users.flatMap(({ source }) => (source && !source.spec.suspend ? idOf(source) : [])))
  const asked = new Map<string, string>()
  for (const source of sources.filter((one) => used.has(idOf(one)))) {
    const request = await requestReconcile({ cluster, findings }, gitRepositories, source)
    if (request !== undefined) asked.set(idOf(source), request)
  }
  return asked
}

/** Whether a source has looked since it was asked; one that cannot fetch tells no more. */
function hasHandled(source: GitRepository | undefined, request: string): boolean {
  if (!source || source.spec.suspend) return true
  return source.status?.lastHandledReconcileAt === request || fetchFailureOf(source) !== undefined
}

/** Tells those that have waited for others to go on, once for each commit. */
async function wake(
  { cluster, users }: RotationCluster,
  { objects }: Watched<Kustomization>,
  { asked, findings }: { asked: Map<string, string>; findings: Finding[] },
): Promise<void> {
  for (const { id, due = '', kustomization } of users) {
    if (asked.get(id) === due || !waitsForDependencies(kustomization)) continue
    if (!areDependenciesReady(kustomization, objects)) continue
    asked.set(id, due)
    await requestReconcile({ cluster, findings }, kustomizations, kustomization)
  }
}
