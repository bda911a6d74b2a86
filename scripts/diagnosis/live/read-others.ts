import { appliedLabel, inventoryOf, type Kustomization } from '../../lib/cluster/flux-objects.ts'
import { list, pluralsOf } from '../../lib/cluster/kube-api.ts'
import type { KubeObject } from '../../lib/cluster/kube-objects.ts'
import type { Cluster } from '../../lib/cluster/kubectl.ts'
import { KubectlError } from '../../lib/cluster/kubectl-error.ts'
import type { AppliedObjects, NotRead } from '../snapshot/snapshot.ts'

/** How many requests are under way at once. */
const atOnce = 8

/** Kinds that are read with a snapshot anyhow, and definitions, which are large and hold no value of anybody. */
const notListed = new Set([
  ' Secret',
  ' ConfigMap',
  'kustomize.toolkit.fluxcd.io Kustomization',
  'apiextensions.k8s.io CustomResourceDefinition',
])

/**
 * Reads what the inventories list besides Secrets, ConfigMaps and Kustomizations, by a request for each API and one for each kind.
 * @param namespace the only one that is looked into; all where `undefined`
 * @throws KubectlError where the cluster does not answer
 */
export async function readOthers(
  cluster: Cluster,
  kustomizations: readonly Kustomization[],
  namespace: string | undefined,
): Promise<AppliedObjects> {
  const kinds = kindsOf(kustomizations)
  const notRead: NotRead[] = []
  const unlessRefused = async <T>(plural: string, asked: Promise<T>): Promise<T | undefined> => {
    try {
      return await asked
    } catch (error) {
      const problem = error instanceof KubectlError ? error.problem : undefined
      if (problem === 'forbidden') notRead.push({ plural })
      // what the cluster no longer has is not in it
      else if (problem !== 'no-such-kind' && problem !== 'not-found') throw error
      return undefined
    }
  }
  const apis = [...new Set(kinds.map(apiOf))]
  const plurals = new Map(
    await inTurn(apis, async (api) => {
      const what = `cannot read what kinds ${api} has`
      return [api, await unlessRefused(`kinds of ${api}`, pluralsOf(cluster, what, api))] as const
    }),
  )
  const read = await inTurn(kinds, async ({ group, kind, version }) => {
    const api = apiOf({ group, version })
    const plural = plurals.get(api)?.get(kind)
    if (plural === undefined) return []
    const scope = { namespace, label: appliedLabel }
    const asked = list<KubeObject>(cluster, `cannot read the ${plural}`, { api, plural }, scope)
    const { items = [] } = (await unlessRefused(plural, asked)) ?? {}
    return items.map((object) => ({ group, kind, object }))
  })
  return { others: read.flat(), notRead }
}

/** A kind that an inventory lists. */
interface Kind {
  group: string
  version: string
  kind: string
}

/** Each kind once, in one of the versions that inventories have of it. */
function kindsOf(kustomizations: readonly Kustomization[]): Kind[] {
  const found = new Map<string, Kind>()
  // what it has applied elsewhere is not here
  for (const kustomization of kustomizations)
    for (const { group, kind, version } of kustomization.spec.kubeConfig ? [] : inventoryOf(kustomization))
      found.set(`${group} ${kind}`, { group, kind, version })
  return [...found].flatMap(([name, kind]) => (notListed.has(name) ? [] : [kind]))
}

function apiOf({ group, version }: Pick<Kind, 'group' | 'version'>): string {
  return group === '' ? `/api/${version}` : `/apis/${group}/${version}`
}

/** Works on several things at once, and never on all. */
async function inTurn<From, To>(all: readonly From[], work: (one: From) => Promise<To>): Promise<To[]> {
  const done: To[] = []
  const left = all.entries()
  const worker = async () => {
    for (const [index, one] of left) done[index] = await work(one)
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, all.length) }, worker))
  return done
}
