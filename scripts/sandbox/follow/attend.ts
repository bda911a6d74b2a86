import { setTimeout as sleep } from 'node:timers/promises'
import { openView } from '../../lib/cluster/cluster-view.ts'
import {
  conditionOf,
  type GitRepository,
  gitRepositories,
  idOf,
  type Kustomization,
  kustomizations,
} from '../../lib/cluster/flux-objects.ts'
import { annotate, get, type Resource } from '../../lib/cluster/kube-api.ts'
import type { KubeObject, WatchEvent } from '../../lib/cluster/kube-objects.ts'
import type { Cluster } from '../../lib/cluster/kubectl.ts'
import { keepKinds, type TakenKind } from './kind-keeper.ts'
import { type Source, type State, sourceKeyOf, statesOf } from './states.ts'

/** What looks after the Flux of a sandbox while it runs. */
export interface Attendance {
  /** Has Flux fetch the repository now, by all of its sources that mean it. */
  requestSync(): Promise<void>
  /**
   * Waits until no Kustomization has anything to do any more for a commit. Those that failed are tried again as long as more of
   * them become ready, so that what needs something of another one need not wait for its interval.
   * @param deadline in milliseconds since the epoch
   * @returns what became of each, by its id, also where the deadline came first
   */
  settle(commit: string, deadline: number): Promise<Map<string, State>>
  /** The kinds that nothing defines and that were taken all the same. */
  kinds(): TakenKind[]
  close(): Promise<void>
}

/** How often one message of a Kustomization may be answered: a new kind is served a moment after it is there. */
const tries = 5

/**
 * Watches the Kustomizations of a sandbox, and takes kinds that nothing defines.
 * @param url of the repository, which tells the sources that mean it
 * @param restart starts kustomize-controller again
 */
export async function attend(
  cluster: Cluster,
  url: string,
  restart: () => Promise<void>,
): Promise<Attendance> {
  const view = openView(cluster)
  const keeper = await keepKinds(cluster, view, restart)
  const helped = new Map<string, number>()
  const helping = new Set<string>()
  let turn = Promise.resolve()

  const annotateNow = async ({ metadata }: KubeObject, resource: Resource): Promise<void> => {
    const now = new Date().toISOString()
    const object = { namespace: metadata.namespace ?? '', name: metadata.name }
    try {
      await annotate(cluster, resource, object, { 'reconcile.fluxcd.io/requestedAt': now })
    } catch {
      // it has gone meanwhile
    }
  }
  /**
   * Until Flux has looked at them again, what it said before does not count. By what it had handled before: people ask as well, and
   * then it never says that it has handled what was asked here.
   */
  const asked = new Map<string, string | undefined>()
  const tryAgain = async (kustomization: Kustomization) => {
    asked.set(idOf(kustomization), kustomization.status?.lastHandledReconcileAt)
    await annotateNow(kustomization, kustomizations)
  }
  const isAsked = (id: string, { status }: Kustomization) =>
    asked.has(id) && asked.get(id) === status?.lastHandledReconcileAt
  const seen = ({ type, object }: WatchEvent<Kustomization>) => {
    const ready = conditionOf(object, 'Ready')
    const id = idOf(object)
    if (type === 'DELETED') asked.delete(id)
    if (type === 'DELETED' || ready?.status !== 'False' || helping.has(id) || isAsked(id, object)) return
    const failure = `${id} ${ready.message}`
    const count = helped.get(failure) ?? 0
    if (count >= tries) return
    helping.add(id)
    turn = turn
      .then(async () => {
        if (!(await keeper.help(ready.message))) return
        helped.set(failure, count + 1)
        await sleep(count * 200)
        await tryAgain(object)
      })
      .catch(() => {})
      .finally(() => helping.delete(id))
  }
  const watched = view.watch<Kustomization>('cannot watch Kustomizations', kustomizations, {}, { seen })
  const repositories = view.watch<GitRepository>('cannot watch GitRepositories', gitRepositories, {})

  const own = () => [...repositories.objects.values()].filter(({ spec }) => spec.url === url)

  const look = async (commit: string): Promise<Map<string, State>> => {
    const states = statesOf({
      kustomizations: watched.objects,
      sources: await sourcesOf(cluster, watched.objects, repositories.objects),
      own: new Set(own().map(idOf)),
      commit,
    })
    for (const [id, kustomization] of watched.objects)
      if (states.get(id)?.state === 'failed' && (helping.has(id) || isAsked(id, kustomization)))
        states.set(id, { state: 'busy' })
    return states
  }
  const count = (states: Map<string, State>, wanted: State['state']) =>
    [...states.values()].filter(({ state }) => state === wanted).length

  return {
    async requestSync() {
      helped.clear()
      await Promise.all(own().map((source) => annotateNow(source, gitRepositories)))
    },
    async settle(commit, deadline) {
      let readyBefore = 0
      const settled = await view.until(async () => {
        const states = await look(commit)
        if (states.size === 0 || count(states, 'busy') > 0) return undefined
        const ready = count(states, 'ready')
        if (count(states, 'failed') === 0 || ready <= readyBefore) return states
        readyBefore = ready
        for (const [id, { state }] of states) if (state === 'failed') await tryAgain(watched.objects.get(id)!)
        return undefined
      }, deadline)
      return settled ?? look(commit)
    },
    kinds: keeper.kinds,
    async close() {
      await view.close()
      await turn
    },
  }
}

/** The sources that Kustomizations wait for, by kind and id; GitRepositories are watched already. */
async function sourcesOf(
  cluster: Cluster,
  all: ReadonlyMap<string, Kustomization>,
  repositories: ReadonlyMap<string, GitRepository>,
): Promise<Map<string, Source | undefined>> {
  const found = new Map<string, Source | undefined>()
  for (const kustomization of all.values()) {
    const key = sourceKeyOf(kustomization)
    if (found.has(key) || conditionOf(kustomization, 'Ready')?.reason !== 'ArtifactFailed') continue
    const [kind = '', id = ''] = key.split(' ')
    const [namespace = '', name = ''] = id.split('/')
    const resource = { api: gitRepositories.api, plural: plurals[kind] ?? '' }
    if (kind === 'GitRepository') found.set(key, repositories.get(id))
    else if (resource.plural)
      found.set(key, await get<Source>(cluster, `cannot read ${kind} ${id}`, resource, { namespace, name }))
  }
  return found
}

const plurals: Readonly<Record<string, string>> = { OCIRepository: 'ocirepositories', Bucket: 'buckets' }
