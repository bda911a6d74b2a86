import type { FluxUse } from '../../lib/applied/flux-use.ts'
import { idOf, type Kustomization } from '../../lib/cluster/flux-objects.ts'
import { openRepository, type Repository, searchFiles } from '../../lib/git/git.ts'
import { textAt } from '../../lib/yaml/values.ts'

/** Where Flux itself is, and the key where nothing else is known. */
export const fluxNamespace = 'flux-system'

/**
 * The namespaces in which Flux looks a key Secret up: those of the Kustomizations that name it, in the cluster, or else in the
 * repository as it is now, as far as the cluster has them.
 * @param name of the Secret
 * @returns sorted; flux-system where none is known
 */
export async function findNamespaces(
  name: string,
  use: FluxUse | undefined,
  repository: Repository | undefined,
): Promise<string[]> {
  const inCluster = use?.kustomizations ?? []
  const naming = inCluster.filter(({ spec }) => spec.decryption?.secretRef?.name === name)
  const users = naming.length > 0 ? naming : await namedInRepository(name, inCluster, repository)
  const found = [...new Set(users.map(({ metadata }) => `${metadata.namespace}`))].toSorted()
  return found.length > 0 ? found : [fluxNamespace]
}

/** The Kustomizations of a cluster that name the Secret in the working tree, and do not yet where they are applied. */
async function namedInRepository(
  name: string,
  inCluster: readonly Kustomization[],
  repository: Repository | undefined,
): Promise<Kustomization[]> {
  if (inCluster.length === 0 || !repository) return []
  // mostly no file names it, and then nothing needs to be parsed
  if ((await searchFiles(repository, name, ['*.yaml', '*.yml', '*.json'])).length === 0) return []
  const { readFluxRepository } = await import('../../lib/repository/flux-repository.ts')
  const { names } = await openRepository(repository.root, repository)
  const { nodes } = await readFluxRepository(repository, names)
  const rendered = [...nodes.values()].flatMap((node) => node.rendered.map(({ value }) => value))
  const ids = rendered
    .filter((value) => textAt(value, 'spec', 'decryption', 'secretRef', 'name') === name)
    .map((value) => `${textAt(value, 'metadata', 'namespace')}/${textAt(value, 'metadata', 'name')}`)
  return inCluster.filter((one) => ids.includes(idOf(one)))
}
