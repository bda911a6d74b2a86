import {
  type GitRepository,
  gitRepositories,
  type Kustomization,
  kustomizations,
} from '../cluster/flux-objects.ts'
import { list, type Resource } from '../cluster/kube-api.ts'
import type { Cluster } from '../cluster/kubectl.ts'
import { KubectlError } from '../cluster/kubectl-error.ts'

/** The objects of Flux in a cluster, of all namespaces. */
export interface FluxUse {
  kustomizations: readonly Kustomization[]
  sources: readonly GitRepository[]
}

/**
 * Reads who uses keys in a cluster.
 * @returns `undefined` where the user may not list that, so that nothing is known; empty where Flux is not installed
 * @throws KubectlError for every other failure
 */
export async function readFluxUse(cluster: Cluster): Promise<FluxUse | undefined> {
  const all = async <T>(resource: Resource) =>
    (await list<T>(cluster, 'cannot read the Flux objects', resource, {})).items
  try {
    const [users, sources] = await Promise.all([
      all<Kustomization>(kustomizations),
      all<GitRepository>(gitRepositories),
    ])
    return { kustomizations: users, sources }
  } catch (error) {
    if (!(error instanceof KubectlError)) throw error
    if (error.problem === 'forbidden') return undefined
    if (error.problem === 'no-such-kind') return { kustomizations: [], sources: [] }
    throw error
  }
}

/**
 * The Kustomizations that may decrypt with a Secret: those of its namespace that name it, and those that name none, for the
 * controller may have it as its own (docs/decryption.md#where-the-key-is-looked-up).
 */
export function usersOf(
  { kustomizations: all }: FluxUse,
  { namespace, name }: { namespace: string; name: string },
): Kustomization[] {
  return all.filter(({ metadata, spec: { decryption } }) => {
    if (!decryption) return false
    const secret = decryption.secretRef?.name
    return secret === undefined
      ? namespace === 'flux-system'
      : secret === name && metadata.namespace === namespace
  })
}
