import {
  appliedLabel,
  type FluxSource,
  idOf,
  inventoryOf,
  type Kustomization,
  kustomizations,
  sourceResources,
} from '../../lib/cluster/flux-objects.ts'
import { configMaps, list, type Resource, type Scope, secrets } from '../../lib/cluster/kube-api.ts'
import type { ConfigMap, KubeObject, Secret } from '../../lib/cluster/kube-objects.ts'
import type { Cluster } from '../../lib/cluster/kubectl.ts'
import { KubectlError } from '../../lib/cluster/kubectl-error.ts'
import { keyControllerOf } from '../keys/key-controller.ts'
import { readOthers } from '../live/read-others.ts'
import type { AppliedObjects, Controller, NotRead, Snapshot } from './snapshot.ts'

/** The label that all installations of Flux give to its Deployments (fluxcd/flux2 manifests, `part-of`). */
const fluxLabel = 'app.kubernetes.io/part-of=flux'

const deployments: Resource = { api: '/apis/apps/v1', plural: 'deployments' }
const namespaces: Resource = { api: '/api/v1', plural: 'namespaces' }

/**
 * Reads the Deployments of the controllers of Flux.
 * @returns none where the user may not, or the cluster does not answer
 */
export async function readControllers(cluster: Cluster): Promise<Controller[]> {
  const what = 'cannot read the deployments'
  const found = await list<Controller>(cluster, what, deployments, { label: fluxLabel }).catch(
    () => undefined,
  )
  return found?.items ?? []
}

/** Lists objects, of all namespaces or of one; where that is not allowed it notes so. */
type Lister = <T>(resource: Resource, scope?: Scope) => Promise<T[]>

/**
 * Reads a cluster by a number of requests that does not grow with its Kustomizations.
 * @param namespace the only one that is looked into; all where `undefined`
 * @throws KubectlError where the Kustomizations cannot be read
 */
export async function readSnapshot(cluster: Cluster, namespace: string | undefined): Promise<Snapshot> {
  const notRead: NotRead[] = []
  const scope = { namespace }
  const all: Lister = async <T>(resource: Resource, more: Scope = {}) => {
    try {
      const what = `cannot read the ${resource.plural}`
      return (await list<T>(cluster, what, resource, { ...scope, ...more })).items
    } catch (error) {
      const problem = error instanceof KubectlError ? error.problem : undefined
      // an older Flux has its sources in another version, which is not read
      if (problem === 'no-such-kind' && !isSource(resource)) return []
      if (problem !== 'forbidden' && problem !== 'no-such-kind') throw error
      if (!notRead.some(({ plural }) => plural === resource.plural)) notRead.push({ plural: resource.plural })
      return []
    }
  }
  const what = 'cannot read the Kustomizations'
  const listed = list<Kustomization>(cluster, what, kustomizations, scope)
  // what does not depend on them is read meanwhile
  const beside = Promise.all([
    all<Secret>(secrets, { label: appliedLabel }),
    all<ConfigMap>(configMaps, { label: appliedLabel }),
    all<Controller>(deployments, { label: fluxLabel }),
    namespace === undefined ? all<KubeObject>(namespaces) : [],
    cluster.context,
  ])
  beside.catch(() => {})
  const { items } = await listed
  const [sources, named, [appliedSecrets, appliedMaps, controllers, spaces, context]] = await Promise.all([
    readSources(items, all),
    readNamed(items, all),
    beside,
  ])
  const [otherSecrets, otherMaps] = await Promise.all([
    readUnlabelled<Secret>(secrets, unlabelled('Secret', items, appliedSecrets, namespace), all),
    readUnlabelled<ConfigMap>(configMaps, unlabelled('ConfigMap', items, appliedMaps, namespace), all),
  ])
  // what the controller decrypts with where a Kustomization names nothing
  const own = keyControllerOf({ controllers })?.ageSecret
  const ofController = own ? await all<Secret>(secrets, { name: own.name }) : []
  const isUnknown = namespace !== undefined || notRead.some(({ plural }) => plural === 'namespaces')
  let beyond: Promise<AppliedObjects> | undefined
  return {
    context,
    namespace,
    kustomizations: byId(items),
    sources,
    secrets: byId([...appliedSecrets, ...otherSecrets, ...named.secrets, ...ofController]),
    configMaps: byId([...appliedMaps, ...otherMaps, ...named.configMaps]),
    namespaces: isUnknown ? undefined : new Set(spaces.map(({ metadata }) => metadata.name)),
    controllers,
    notRead,
    applied() {
      beyond ??= readOthers(cluster, items, namespace)
      return beyond
    },
  }
}

/** The objects that the inventories list, `namespace/name`, and that are not among those with the label of Flux. */
function unlabelled(
  kind: string,
  users: readonly Kustomization[],
  labelled: readonly KubeObject[],
  namespace: string | undefined,
): Set<string> {
  const entries = users.flatMap((one) => (one.spec.kubeConfig ? [] : inventoryOf(one)))
  const own = entries.filter((one) => one.kind === kind && one.group === '')
  const seen = own.filter((one) => namespace === undefined || one.namespace === namespace)
  return new Set(seen.map((one) => `${one.namespace}/${one.name}`)).difference(new Set(labelled.map(idOf)))
}

/** Reads all of a kind where some are wanted: a label can be lost. */
async function readUnlabelled<T extends KubeObject>(
  resource: Resource,
  wanted: ReadonlySet<string>,
  all: Lister,
): Promise<T[]> {
  if (wanted.size === 0) return []
  return (await all<T>(resource)).filter((one) => wanted.has(idOf(one)))
}

function isSource(resource: Resource): boolean {
  return Object.values(sourceResources).some(({ plural }) => plural === resource.plural)
}

async function readSources(users: readonly Kustomization[], all: Lister): Promise<Map<string, FluxSource>> {
  const named = new Set(users.map(({ spec }) => spec.sourceRef.kind))
  const found = await Promise.all(
    Object.entries(sourceResources).map(async ([kind, resource]) => {
      const items = named.has(kind) ? await all<FluxSource>(resource) : []
      return items.map((item) => [`${kind} ${idOf(item)}`, item] as const)
    }),
  )
  return new Map(found.flat())
}

/** How many names are asked for by a request each. */
const fewNames = 8

/** The Secrets and ConfigMaps that Kustomizations name, with those of the same names in other namespaces, where one may be by mistake. */
async function readNamed(
  users: readonly Kustomization[],
  all: Lister,
): Promise<{ secrets: Secret[]; configMaps: ConfigMap[] }> {
  const from = users.flatMap(({ spec }) => spec.postBuild?.substituteFrom ?? [])
  const namesOf = (kind: string) => from.filter((one) => one.kind === kind).map(({ name }) => name)
  const keys = users.flatMap(({ spec }) => spec.decryption?.secretRef?.name ?? [])
  const read = async <T extends KubeObject>(resource: Resource, names: readonly string[]) => {
    const wanted = new Set(names)
    // one by one as long as they are few: it reads nothing of others
    if (wanted.size > fewNames)
      return (await all<T>(resource)).filter(({ metadata }) => wanted.has(metadata.name))
    return (await Promise.all([...wanted].map((name) => all<T>(resource, { name })))).flat()
  }
  const [ofSecrets, ofMaps] = await Promise.all([
    read<Secret>(secrets, [...keys, ...namesOf('Secret')]),
    read<ConfigMap>(configMaps, namesOf('ConfigMap')),
  ])
  return { secrets: ofSecrets, configMaps: ofMaps }
}

function byId<T extends KubeObject>(objects: readonly T[]): Map<string, T> {
  return new Map(objects.map((object) => [idOf(object), object]))
}
