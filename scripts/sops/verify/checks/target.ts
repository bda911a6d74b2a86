import { plainUrl } from '../../../lib/applied/same-repository.ts'
import {
  branchOf,
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
import { failed, notChecked } from '../findings/verdict.ts'
import { checkKustomization, checkSource, followedBranch, refuseSuspended } from './target-state.ts'

/** The Kustomization that is to be verified, with what it depends on. */
export interface Target {
  kustomization: Kustomization
  /** Its dependencies, each behind those that it depends on itself, and the Kustomization as the last one. */
  chain: Kustomization[]
  source: GitRepository
  /** The other Kustomizations that apply commits of the same branch to this cluster. */
  neighbours: Kustomization[]
  /** The branch that the source follows, its short name. */
  branch: string
}

/** What is read of Flux, by `namespace/name`. */
interface FluxObjects {
  kustomizations: ReadonlyMap<string, Kustomization>
  sources: ReadonlyMap<string, GitRepository>
}

/**
 * Reads the Flux objects and checks that a round trip through them can work.
 * @param name `infrastructure` (in flux-system) or `namespace/name`
 * @throws Verdict; KubectlError where the cluster cannot be read
 */
export async function findTarget(cluster: Cluster, name: string): Promise<Target> {
  const id = name.includes('/') ? name : `flux-system/${name}`
  const namespace = id.slice(0, id.indexOf('/'))
  const objects = await readFlux(cluster, namespace)
  const kustomization = objects.kustomizations.get(id)
  if (!kustomization)
    throw notChecked({
      code: 'kustomization-missing',
      object: `kustomization ${id}`,
      facts: { others: [...objects.kustomizations.keys()] },
    })
  const source = checkSource(kustomization, objects.sources)
  const chain = chainOf(kustomization, objects.kustomizations)
  for (const link of chain) refuseSuspended(link)
  checkKustomization(kustomization)
  const branch = followedBranch(source)
  return { kustomization, chain, source, branch, neighbours: neighboursOf(kustomization, source, objects) }
}

/**
 * Reads the objects of Flux in all namespaces; where the user may not do that, those of one namespace.
 * @throws KubectlError where that is not enough, for one of them names another namespace
 */
async function readFlux(cluster: Cluster, namespace: string): Promise<FluxObjects> {
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
    kustomizations: new Map(own.items.map((object) => [idOf(object), object])),
    sources: new Map(sources.items.map((object) => [idOf(object), object])),
  }
}

/** Those whose source follows the same branch of the same repository. */
function neighboursOf(
  kustomization: Kustomization,
  source: GitRepository,
  { kustomizations: all, sources }: FluxObjects,
): Kustomization[] {
  const isSame = (other: GitRepository | undefined) =>
    other !== undefined &&
    branchOf(other) === branchOf(source) &&
    plainUrl(other.spec.url) === plainUrl(source.spec.url)
  return [...all.values()].filter(
    (other) =>
      idOf(other) !== idOf(kustomization) &&
      !other.spec.kubeConfig &&
      other.spec.sourceRef.kind === 'GitRepository' &&
      isSame(sources.get(sourceIdOf(other))),
  )
}

function chainOf(
  kustomization: Kustomization,
  all: ReadonlyMap<string, Kustomization>,
  seen = new Set<string>(),
): Kustomization[] {
  const id = idOf(kustomization)
  if (seen.has(id)) return []
  seen.add(id)
  const links = dependenciesOf(kustomization).flatMap((missing) => {
    const dependency = all.get(missing)
    if (dependency) return chainOf(dependency, all, seen)
    throw failed({ code: 'dependency', object: `kustomization ${id}`, facts: { missing } })
  })
  return [...links, kustomization]
}
