import {
  dependenciesOf,
  type GitRepository,
  gitRepositories,
  idOf,
  type Kustomization,
  kustomizations,
  sourceIdOf,
} from '../../../lib/cluster/flux-objects.ts'
import { list, type Scope } from '../../../lib/cluster/kube-api.ts'
import type { Cluster } from '../../../lib/cluster/kubectl.ts'
import { KubectlError } from '../../../lib/cluster/kubectl-error.ts'

/** What is read of Flux, by `namespace/name`. */
export interface FluxObjects {
  kustomizations: ReadonlyMap<string, Kustomization>
  sources: ReadonlyMap<string, GitRepository>
  /** Whether these are the objects of all namespaces. */
  areAll: boolean
}

/**
 * Reads the objects of Flux in all namespaces; where the user may not do that, those of one namespace.
 * @throws KubectlError where that is not enough, for one of them names another namespace
 */
export async function readFlux(cluster: Cluster, namespace: string): Promise<FluxObjects> {
  try {
    return await readScope(cluster, {})
  } catch (error) {
    if (!(error instanceof KubectlError && error.problem === 'forbidden')) throw error
    const own = await readScope(cluster, { namespace })
    const isElsewhere = (object: Kustomization) =>
      [...dependenciesOf(object), sourceIdOf(object)].some((other) => !other.startsWith(`${namespace}/`))
    if ([...own.kustomizations.values()].some(isElsewhere)) throw error
    return own
  }
}

async function readScope(cluster: Cluster, scope: Scope): Promise<FluxObjects> {
  const what = 'cannot read the Flux objects'
  const [own, sources] = await Promise.all([
    list<Kustomization>(cluster, what, kustomizations, scope),
    list<GitRepository>(cluster, what, gitRepositories, scope),
  ])
  return {
    areAll: scope.namespace === undefined,
    kustomizations: new Map(own.items.map((object) => [idOf(object), object])),
    sources: new Map(sources.items.map((object) => [idOf(object), object])),
  }
}
