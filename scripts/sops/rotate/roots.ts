import { builtDirectory, type Kustomization } from '../../lib/cluster/flux-objects.ts'
import { listFiles, type Repository } from '../../lib/git/git.ts'
import type { FluxKustomization } from '../../lib/repository/flux-file.ts'
import { readFluxRepository } from '../../lib/repository/flux-repository.ts'

/** A Kustomization by which a cluster takes files in: it is applied by hand, or by `flux bootstrap`. */
interface Root {
  /** Where it is declared, relative to the root of the repository. */
  file: string
  /** `namespace/name` */
  id: string
  /** What it builds. */
  directory: string
}

/**
 * Finds the roots that take in files and that none of these clusters has: there may be another cluster, which nobody looks at.
 * @param files relative to the root of the repository
 * @param clusters the Kustomizations that each has
 */
export async function rootsElsewhere(
  repository: Repository,
  files: ReadonlySet<string>,
  clusters: readonly (readonly Kustomization[])[],
): Promise<Root[]> {
  const {
    nodes,
    notApplied,
    clusters: together,
  } = await readFluxRepository(repository, await listFiles(repository))
  const roots = new Map<string, Root>()
  for (const [source, { encrypted }] of nodes) {
    if (notApplied.has(source) || files.isDisjointFrom(encrypted)) continue
    for (const top of together.rootsOf(source)) {
      const root = rootOf(top)
      roots.set(JSON.stringify(root), root)
    }
  }
  const has = ({ id, directory }: Root, all: readonly Kustomization[]) =>
    all.some(
      (one) => `${one.metadata.namespace}/${one.metadata.name}` === id && builtDirectory(one) === directory,
    )
  return [...roots.values()].filter((root) => !clusters.some((all) => has(root, all)))
}

function rootOf({ file, name, namespace, value }: FluxKustomization): Root {
  return {
    file,
    // the namespace that `flux bootstrap` gives what it makes
    id: `${namespace ?? 'flux-system'}/${name}`,
    directory: builtDirectory(value as Kustomization),
  }
}
