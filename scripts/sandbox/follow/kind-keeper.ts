import type { ClusterView, Watched } from '../../lib/cluster/cluster-view.ts'
import { apply, type Resource, remove } from '../../lib/cluster/kube-api.ts'
import type { KubeObject, WatchEvent } from '../../lib/cluster/kube-objects.ts'
import { call } from '../../lib/cluster/kube-request.ts'
import type { Cluster } from '../../lib/cluster/kubectl.ts'
import {
  type Definition,
  isStandIn,
  type KindScope,
  kindWithoutNamespace,
  missingKind,
  refusedDefinition,
  scopeOf,
  standIn,
} from './stand-ins.ts'

/** The kinds that a sandbox takes although nothing defines them. */
export interface KindKeeper {
  /**
   * Takes away the reason of a failure, where it is a kind.
   * @param message of kustomize-controller
   * @returns whether Flux can try again
   */
  help(message: string): Promise<boolean>
  /** Those that were taken so far. */
  kinds(): TakenKind[]
}

/** A kind without a definition of its own. */
export interface TakenKind {
  group: string
  kind: string
  versions: string[]
  scope: KindScope
}

const definitions: Resource = {
  api: '/apis/apiextensions.k8s.io/v1',
  plural: 'customresourcedefinitions',
}

/** How long the API server may take to serve a new kind, in ms. */
const limit = 10_000

type Known = Definition & KubeObject

/**
 * Looks after the definitions of a cluster, from the first time that one is missing.
 * @param forget has kustomize-controller forget what kinds are called: it never looks it up again where it knew it once
 */
export async function keepKinds(
  cluster: Cluster,
  view: ClusterView,
  forget: () => Promise<void>,
): Promise<KindKeeper> {
  const builtIn = await groupsOf(cluster)
  const taken = new Map<string, TakenKind>()
  let watched: Watched<Known> | undefined

  /** What the repository brings counts: it may call a kind otherwise in the plural, and then both are in each other's way. */
  const yieldTo = ({ object, type }: WatchEvent<Known>) => {
    const key = keyOf(object)
    if (type === 'DELETED' || isStandIn(object) || !taken.delete(key)) return
    const other = [...(watched?.objects.values() ?? [])].find((one) => isStandIn(one) && keyOf(one) === key)
    if (other) withdraw(other.metadata.name).then(forget, () => {})
  }
  const open = async () => {
    watched ??= view.watch<Known>('cannot watch definitions', definitions, {}, { seen: yieldTo })
    const { objects } = watched
    await view.until(() => (objects.size > 0 ? true : undefined), Date.now() + limit)
    return objects
  }
  const withdraw = async (name: string) => {
    const objects = await open()
    await remove(cluster, `cannot delete definition ${name}`, definitions, { namespace: '', name })
    await view.until(() => (objects.has(`undefined/${name}`) ? undefined : true), Date.now() + limit)
  }

  const put = async (kind: TakenKind) => {
    const objects = await open()
    const definition = standIn(kind.group, kind.kind, kind.versions, kind.scope)
    const { name } = definition.metadata
    await apply(cluster, `cannot create definition ${name}`, definitions, definition)
    taken.set(keyOf(definition), kind)
    const served = () => {
      const now = objects.get(`undefined/${name}`)
      const has = kind.versions.every((version) => now?.spec.versions.some((one) => one.name === version))
      const isEstablished = now?.status?.conditions?.some(
        ({ type, status }) => type === 'Established' && status === 'True',
      )
      return has && isEstablished && now?.spec.scope === kind.scope ? true : undefined
    }
    return (await view.until(served, Date.now() + limit)) ?? false
  }

  const takeMissing = async ({ group, version, kind }: { group: string; version: string; kind: string }) => {
    if (builtIn.has(group)) return false
    const objects = await open()
    const key = `${kind}.${group}`
    const known = [...objects.values()].find((one) => keyOf(one) === key)
    // the repository's own: it has the version by now, or never
    if (known && !isStandIn(known)) return known.spec.versions.some(({ name }) => name === version)
    const before = taken.get(key)
    if (before?.versions.includes(version)) return true
    const versions = [...(before?.versions ?? []), version]
    return put({ group, kind, versions, scope: before?.scope ?? scopeOf(kind) })
  }

  const takeOutOfNamespaces = async (kind: string) => {
    const found = [...taken.values()].find((one) => one.kind === kind)
    if (!found) return false
    if (found.scope === 'Cluster') return true
    // the scope of a definition cannot be changed
    await withdraw(standIn(found.group, kind, found.versions, found.scope).metadata.name)
    return put({ ...found, scope: 'Cluster' })
  }

  const takeBack = async (name: string) => {
    const found = watched?.objects.get(`undefined/${name}`)
    if (!found || !isStandIn(found)) return false
    taken.delete(keyOf(found))
    await withdraw(name)
    await forget()
    return true
  }

  return {
    async help(message) {
      const missing = missingKind(message)
      if (missing) return takeMissing(missing)
      const kind = kindWithoutNamespace(message)
      if (kind) return takeOutOfNamespaces(kind)
      const refused = refusedDefinition(message)
      return refused === undefined ? false : takeBack(refused)
    },
    kinds: () => [...taken.values()],
  }
}

function keyOf({ spec }: Definition): string {
  return `${spec.names.kind}.${spec.group}`
}

/** The API groups that are there before any definition but Flux's own. */
async function groupsOf(cluster: Cluster): Promise<Set<string>> {
  const { groups } = await call<{ groups: { name: string }[] }>(cluster, 'cannot read API groups', {
    path: '/apis',
  })
  return new Set(groups.map(({ name }) => name).filter((name) => !name.endsWith('.toolkit.fluxcd.io')))
}
