import {
  type GitRepository,
  gitRepositories,
  type Kustomization,
  kustomizations,
} from '../cluster/flux-objects.ts'
import { list, type Resource } from '../cluster/kube-api.ts'
import type { Cluster } from '../cluster/kubectl.ts'
import { KubectlError } from '../cluster/kubectl-error.ts'

/** The version that Flux had before 2.0. */
const olderApi = '/apis/kustomize.toolkit.fluxcd.io/v1beta2'

/** The objects of Flux in a cluster, of all namespaces. */
export interface FluxUse {
  kustomizations: readonly Kustomization[]
  sources: readonly GitRepository[]
}

/**
 * Reads who uses keys in a cluster.
 * @returns `undefined` where the user may not list that, or Flux is older than we read, so that nothing is known; empty where Flux is not installed
 * @throws KubectlError for every other failure
 */
export async function readFluxUse(cluster: Cluster): Promise<FluxUse | undefined> {
  const all = async <T>(resource: Resource): Promise<T[] | 'no-such-kind'> => {
    try {
      return (await list<T>(cluster, 'cannot read the Flux objects', resource, {})).items
    } catch (error) {
      if (error instanceof KubectlError && error.problem === 'no-such-kind') return error.problem
      throw error
    }
  }
  try {
    const [users, sources] = await Promise.all([
      all<Kustomization>(kustomizations),
      all<GitRepository>(gitRepositories),
    ])
    const found = { sources: sources === 'no-such-kind' ? [] : sources }
    if (users !== 'no-such-kind') return { kustomizations: users, ...found }
    // a Flux before 2.0 has them in another version, which is not read
    const older = await all<Kustomization>({ ...kustomizations, api: olderApi })
    return older === 'no-such-kind' ? { kustomizations: [], ...found } : undefined
  } catch (error) {
    if (error instanceof KubectlError && error.problem === 'forbidden') return undefined
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
  // the controller looks in its own namespace, which is hardly ever another one
  const isUsual = all.some(({ metadata }) => metadata.namespace === 'flux-system')
  return all.filter(({ metadata, spec: { decryption } }) => {
    if (!decryption) return false
    const secret = decryption.secretRef?.name
    return secret === undefined
      ? namespace === 'flux-system' || !isUsual
      : secret === name && metadata.namespace === namespace
  })
}
