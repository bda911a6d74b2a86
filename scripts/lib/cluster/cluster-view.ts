import { setTimeout as sleep } from 'node:timers/promises'
import { list, type Resource, type Scope, watch } from './kube-api.ts'
import type { KubeObject, WatchEvent } from './kube-objects.ts'
import type { Cluster } from './kubectl.ts'
import { KubectlError } from './kubectl-error.ts'

/** How long an API server that was started again may refuse what it allowed before, in ms. */
const startLimit = 60_000

/** Objects of one kind as they are in the cluster at this moment. */
export interface Watched<T> {
  /** By `namespace/name`. */
  readonly objects: ReadonlyMap<string, T>
  /** Whether the API server has let us watch them. */
  readonly isOpen: boolean
}

/** How objects are watched. */
export interface WatchOptions<T> {
  known?: readonly T[]
  seen?: (event: WatchEvent<T>) => void
}

/** Watches objects of a cluster, and waits for what one wants to see in them. */
export interface ClusterView {
  /**
   * Starts to watch objects.
   * @param what how an error begins: `cannot watch Kustomizations`
   * @param options `known`: the objects as they were read just before, so that nothing has to be waited for; `seen`: is told
   *   of each change
   */
  watch<T extends KubeObject>(
    what: string,
    resource: Resource,
    scope: Scope,
    options?: WatchOptions<T>,
  ): Watched<T>
  /**
   * Waits until `check` returns something. It is asked again after each change of a watched object, and at least every second.
   * @param deadline in milliseconds since the epoch
   * @returns undefined where the deadline came first
   * @throws what `check` throws; KubectlError where a watch is not allowed; the reason of the cluster's signal
   */
  until<T>(check: () => Promise<T | undefined> | T | undefined, deadline: number): Promise<T | undefined>
  /** Ends all watches. */
  close(): Promise<void>
}

/** Opens a view of a cluster. It must be closed. */
export function openView(cluster: Cluster): ClusterView {
  const closing = new AbortController()
  const signal = cluster.signal ? AbortSignal.any([cluster.signal, closing.signal]) : closing.signal
  const watches: Promise<void>[] = []
  let failure: unknown
  let wake = () => {}
  let changed = nextChange()

  function nextChange(): Promise<void> {
    return new Promise((resolve) => {
      wake = resolve
    })
  }

  async function keepWatching<T extends KubeObject>(
    what: string,
    resource: Resource,
    scope: Scope,
    objects: Map<string, T>,
    { open, seen }: { open: () => void; seen: WatchOptions<T>['seen'] },
  ): Promise<void> {
    const watched = { ...cluster, signal }
    let from: string | undefined
    let seenAt: number | undefined
    for (let again = false; !signal.aborted; again = true) {
      try {
        // where it goes on behind the last event, nothing that came and went is missed
        if (again && from === undefined) from = await reset(what, resource, scope, { objects, seen })
        const events = await watch<T>(watched, what, resource, scope, from)
        open()
        seenAt = Date.now()
        let isEmpty = true
        for await (const event of events) {
          isEmpty = false
          const { type, object } = event
          if (type === 'DELETED') objects.delete(keyOf(object))
          else objects.set(keyOf(object), object)
          seenAt = Date.now()
          from = object.metadata.resourceVersion
          seen?.(event)
          wake()
        }
        // something on the way may end each watch at once
        if (isEmpty && !signal.aborted) await sleep(500)
      } catch (error) {
        if (signal.aborted) return
        if (!(error instanceof KubectlError) || !passes(error, seenAt)) throw error
        if (error.problem !== 'unreachable') from = undefined
        await sleep(500)
      }
    }
  }

  /** What came and went while nobody watched. @returns where the next watch starts */
  async function reset<T extends KubeObject>(
    what: string,
    resource: Resource,
    scope: Scope,
    { objects, seen }: { objects: Map<string, T>; seen: WatchOptions<T>['seen'] },
  ): Promise<string> {
    const { items, metadata } = await list<T>({ ...cluster, signal }, what, resource, scope)
    const left = items.map(keyOf)
    for (const [key, object] of objects) {
      if (left.includes(key)) continue
      objects.delete(key)
      seen?.({ type: 'DELETED', object })
    }
    for (const object of items) {
      objects.set(keyOf(object), object)
      seen?.({ type: 'MODIFIED', object })
    }
    wake()
    return metadata.resourceVersion
  }

  return {
    watch(what, resource, scope, { known = [], seen } = {}) {
      const objects = new Map(known.map((object) => [keyOf(object), object]))
      let isOpen = false
      const open = () => {
        isOpen = true
        wake()
      }
      watches.push(
        keepWatching(what, resource, scope, objects, { open, seen }).catch((error) => {
          failure = error
          wake()
        }),
      )
      return {
        objects,
        get isOpen() {
          return isOpen
        },
      }
    },
    async until(check, deadline) {
      for (;;) {
        changed = nextChange()
        cluster.signal?.throwIfAborted()
        if (failure) throw failure
        const answer = await check()
        if (answer !== undefined) return answer
        const left = deadline - Date.now()
        if (left <= 0) return undefined
        const timer = new AbortController()
        const end = cluster.signal ? AbortSignal.any([timer.signal, cluster.signal]) : timer.signal
        await Promise.race([changed, sleep(Math.min(left, 1000), undefined, { signal: end }).catch(() => {})])
        timer.abort()
      }
    },
    async close() {
      closing.abort()
      await Promise.all(watches)
    },
  }
}

/**
 * Whether a failure of a watch may be over soon. An API server that starts knows its users and their rights a moment later
 * than it answers.
 * @param seenAt when it let us watch last, in ms since the epoch
 */
function passes({ problem }: KubectlError, seenAt: number | undefined): boolean {
  if (['unreachable', 'expired', 'other'].includes(problem)) return true
  return seenAt !== undefined && Date.now() - seenAt < startLimit
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace}/${metadata.name}`
}
