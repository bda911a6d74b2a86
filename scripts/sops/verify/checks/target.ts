import { finding } from '../../../findings/finding.ts'
import {
  branchOf,
  dependenciesOf,
  type GitRepository,
  idOf,
  type Kustomization,
  sourceIdOf,
} from '../../../lib/cluster/flux-objects.ts'
import type { Cluster } from '../../../lib/cluster/kubectl.ts'
import { plainUrl, type Repository } from '../../../lib/git/git.ts'
import { failed, notChecked } from '../findings/verdict.ts'
import { chooseTarget } from './default-target.ts'
import { type FluxObjects, readFlux } from './flux-objects.ts'
import { targetId } from './target-id.ts'
import { checkKustomization, checkSource, followedBranch, refuseSuspended } from './target-state.ts'

/** The Kustomization that is to be verified, with what it depends on. */
export interface Target {
  kustomization: Kustomization
  /** Its dependencies, each behind those that it depends on itself, and the Kustomization as the last one. */
  chain: Kustomization[]
  source: GitRepository
  /** The other Kustomizations that apply commits of the same branch to this cluster. */
  neighbours: Kustomization[]
  /** Whether the Kustomizations of all namespaces could be read. */
  seesAll: boolean
  /** The branch that the source follows, its short name. */
  branch: string
}

/**
 * Reads the Flux objects and checks that a round trip through them can work.
 * @param name as `targetId` takes it; `undefined`: it is chosen (`chooseTarget`)
 * @param openRepository opens the one that the user stands in
 * @param cwd where the user stands
 * @throws Verdict; KubectlError where the cluster cannot be read; what `openRepository` throws
 */
export async function findTarget(
  cluster: Cluster,
  name: string | undefined,
  openRepository: () => Promise<Repository>,
  cwd: string,
): Promise<Target> {
  const named = name === undefined ? undefined : await targetId(name, openRepository, cwd)
  const objects = await readFlux(cluster, named?.slice(0, named.indexOf('/')) ?? 'flux-system')
  const id = named ?? (await chooseTarget(objects, await openRepository()))
  const kustomization = objects.kustomizations.get(id)
  if (!kustomization)
    throw notChecked(
      finding(
        'kustomization-missing',
        { object: `kustomization ${id}` },
        { others: [...objects.kustomizations.keys()].join(', ') || 'none' },
      ),
    )
  const source = checkSource(kustomization, objects.sources)
  const chain = chainOf(kustomization, objects.kustomizations)
  for (const link of chain) refuseSuspended(link)
  checkKustomization(kustomization)
  const branch = followedBranch(source)
  return {
    kustomization,
    chain,
    source,
    branch,
    neighbours: neighboursOf(kustomization, source, objects),
    seesAll: objects.areAll,
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
    throw failed(
      finding(
        'dependency',
        { object: `kustomization ${id}` },
        { dependency: missing, state: 'not in the cluster' },
      ),
    )
  })
  return [...links, kustomization]
}
