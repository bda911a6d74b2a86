import { listFiles, type Repository } from '../git/git.ts'
import { directoryAt } from './file-tree.ts'
import { type FluxKustomization, withValue } from './flux-file.ts'
import { readFluxRepository } from './flux-repository.ts'
import type { FluxNode } from './flux-tree.ts'
import type { NotApplied } from './not-applied.ts'
import { objectGap } from './rendered.ts'

/** A Flux Kustomization as it is in the cluster, as far as the repository tells: with the name, namespace and path of there. */
export interface KustomizationHere extends FluxKustomization {
  /** The name in its file, which a prefix or a suffix may change. */
  written: string | undefined
  /** Whether it builds its path of another source: a Secret of this repository would not get there. */
  isElsewhere: boolean
  /** Why nothing brings it into a cluster, as far as the repository tells. */
  notApplied: NotApplied | undefined
}

/** All that the files of a repository declare; one that comes into the cluster in several ways is there as often. */
export async function readKustomizationsHere(repository: Repository): Promise<KustomizationHere[]> {
  const { nodes, notApplied, listed } = await readFluxRepository(repository, await listFiles(repository))
  return [...nodes.values()].flatMap((node) =>
    inCluster(node, listed).map((one) => ({ ...one, notApplied: notApplied.get(node.source) })),
  )
}

function inCluster(
  { source, rendered, unseen }: FluxNode,
  listed: readonly string[],
): Omit<KustomizationHere, 'notApplied'>[] {
  const known = rendered.filter((one) => !objectGap(one))
  const values = known.length > 0 ? known.map(({ value }) => value) : [source.value]
  const all = values.map((value) => withValue(source, value))
  const keyOf = ({ namespace, name, path, sourceRef }: FluxKustomization) =>
    JSON.stringify([namespace, name, path, sourceRef])
  return [...new Map(all.map((one) => [keyOf(one), one])).values()].map((one) => ({
    ...one,
    written: source.name,
    isElsewhere: isElsewhere(one, unseen, listed),
  }))
}

/**
 * The root is in every repository, so that it is built from a source of another kind tells nothing of this one. A path of a
 * GitRepository that git does not know may still come.
 */
function isElsewhere(
  { path = '.', sourceRef: { kind = 'GitRepository' } }: FluxKustomization,
  unseen: readonly string[],
  listed: readonly string[],
): boolean {
  const directory = directoryAt(path)
  if (kind !== 'GitRepository') return directory === '.' || unseen.includes(path)
  return (
    unseen.includes(path) && (directory === '.' || listed.some((file) => file.startsWith(`${directory}/`)))
  )
}
