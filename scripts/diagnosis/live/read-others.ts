import { appliedLabel, inventoryOf, type Kustomization } from '../../lib/cluster/flux-objects.ts'
import { list, pluralsOf } from '../../lib/cluster/kube-api.ts'
import type { KubeObject } from '../../lib/cluster/kube-objects.ts'
import type { Cluster } from '../../lib/cluster/kubectl.ts'
import { KubectlError } from '../../lib/cluster/kubectl-error.ts'
import { inTurn } from '../../lib/in-turn.ts'
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
      if (!(error instanceof KubectlError)) throw error
      // what the cluster no longer has is not in it; one API that is broken must not end it all
      if (error.problem === 'forbidden') notRead.push({ plural })
      else if (error.problem !== 'no-such-kind' && error.problem !== 'not-found')
        notRead.push({ plural, says: error.message })
      return undefined
    }
  }
  const apis = [...new Set(kinds.flatMap((one) => one.apis))]
  const plurals = new Map(
    await inTurn(apis, atOnce, async (api) => {
      const what = `cannot read what kinds ${api} has`
      return [api, await unlessRefused(`kinds of ${api}`, pluralsOf(cluster, what, api))] as const
    }),
  )
  const read = await inTurn(kinds, atOnce, async ({ group, kind, apis: known }) => {
    const api = known.find((one) => plurals.get(one)?.has(kind))
    const plural = api && plurals.get(api)?.get(kind)
    if (api === undefined || plural === undefined) return []
    const scope = { namespace, label: appliedLabel }
    const asked = list<KubeObject>(cluster, `cannot read the ${plural}`, { api, plural }, scope)
    const { items = [] } = (await unlessRefused(plural, asked)) ?? {}
    return items.map((object) => ({ group, kind, object }))
  })
  return { others: read.flat(), notRead }
}

/** A kind that inventories list. */
interface Kind {
  group: string
  kind: string
  /** Those that they have it of: an older one may not be served any more. */
  apis: string[]
}

/** Each kind once. */
function kindsOf(kustomizations: readonly Kustomization[]): Kind[] {
  const found = new Map<string, Kind>()
  // what it has applied elsewhere is not here
  for (const kustomization of kustomizations)
    for (const { group, kind, version } of kustomization.spec.kubeConfig ? [] : inventoryOf(kustomization)) {
      const api = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
      const known = found.get(`${group} ${kind}`) ?? { group, kind, apis: [] }
      if (!known.apis.includes(api)) known.apis.push(api)
      found.set(`${group} ${kind}`, known)
    }
  return [...found].flatMap(([name, kind]) => (notListed.has(name) ? [] : [kind]))
}
