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
import { failed, notChecked } from '../findings/verdict.ts'
import { checkKustomization, checkSource, followedBranch, refuseSuspended } from './target-state.ts'

/** The Kustomization that is to be verified, with what it depends on. */
export interface Target {
  kustomization: Kustomization
  /** Its dependencies, each behind those that it depends on itself, and the Kustomization as the last one. */
  chain: Kustomization[]
  source: GitRepository
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
  const own = await readFlux(cluster, { namespace })
  const isElsewhere = (object: Kustomization) =>
    [...dependenciesOf(object), sourceIdOf(object)].some((other) => !other.startsWith(`${namespace}/`))
  const objects = [...own.kustomizations.values()].some(isElsewhere) ? await readFlux(cluster, {}) : own

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
  return { kustomization, chain, source, branch: followedBranch(source) }
}

async function readFlux(cluster: Cluster, scope: Scope): Promise<FluxObjects> {
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
