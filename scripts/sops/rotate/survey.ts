import { declaredBranches } from '../../lib/applied/declared-branches.ts'
import { branchOf } from '../../lib/cluster/flux-objects.ts'
import type { Cluster } from '../../lib/cluster/kubectl.ts'
import { UserError } from '../../lib/errors.ts'
import { plainUrl, type Repository } from '../../lib/git/git.ts'
import { remotesOf } from '../../lib/git/git-objects.ts'
import { recipientsInRules } from '../../lib/sops/creation-rules.ts'
import { readRotationCluster } from './clusters/read.ts'
import type { RotationCluster } from './clusters/state.ts'
import { type KeyRing, readKeyRing } from './key/ring.ts'
import type { RotateOptions } from './options.ts'
import type { RemoteBranch } from './state/followed-branch.ts'
import type { Places } from './state/places.ts'
import { readPlaces } from './state/read-places.ts'

/** A cluster that the user has named, or the one of the current context. */
export interface OpenCluster {
  cluster: Cluster
  /** The name of its context. */
  context: string
}

/** All that a rotation depends on, as it is now. */
export interface Survey {
  repository: Repository
  ring: KeyRing
  places: Places
  clusters: readonly RotationCluster[]
  /** Why the clusters could not be asked: then nothing may be taken away. */
  clusterError: UserError | undefined
}

/**
 * Reads the repository, the keys at hand and the clusters, at once.
 * @param clusters none: for a key that no cluster has
 * @throws UserError where the repository or a named key cannot be read
 */
export async function readSurvey(
  repository: Repository,
  clusters: readonly OpenCluster[] | UserError,
  options: RotateOptions,
): Promise<Survey> {
  const { caller, keyFile } = options
  const { cwd, env, signal } = caller
  const [ring, read] = await Promise.all([
    readKeyRing({
      ...{ keyFile, cwd, root: repository.root, env, signal },
      recipients: () => recipientsInRules(repository),
    }),
    clusters instanceof UserError ? clusters : readClusters(clusters, repository, options),
  ])
  const known = read instanceof UserError ? [] : read
  const places = await readPlacesAgain(repository, known, options)
  return {
    repository,
    ring,
    places,
    clusters: known,
    clusterError: read instanceof UserError ? read : undefined,
  }
}

/** As the working tree, HEAD and the branch that Flux follows are now. */
export async function readPlacesAgain(
  repository: Repository,
  clusters: readonly RotationCluster[],
  { remote }: RotateOptions,
): Promise<Places> {
  return readPlaces(repository, {
    paths: [],
    branches: await followedBranches(repository, clusters, remote),
  })
}

/** A cluster that does not answer is no reason to do nothing: adding a recipient needs none. */
async function readClusters(
  clusters: readonly OpenCluster[],
  repository: Repository,
  { caller: { env, signal } }: RotateOptions,
): Promise<RotationCluster[] | UserError> {
  try {
    return await Promise.all(
      clusters.map(({ cluster, context }) =>
        readRotationCluster(cluster, context, repository, { env, signal }),
      ),
    )
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof UserError) return error
    throw error
  }
}

/**
 * The branches that sources follow in this repository: those of the clusters, and where none was asked those that the repository
 * declares.
 */
async function followedBranches(
  repository: Repository,
  clusters: readonly RotationCluster[],
  remote: string,
): Promise<RemoteBranch[]> {
  const url = (await remotesOf(repository)).get(remote)
  if (url === undefined) return []
  const own = clusters
    .flatMap(({ sources }) => sources)
    .filter(({ spec }) => plainUrl(spec.url) === plainUrl(url))
  const names =
    clusters.length > 0
      ? new Set(own.flatMap((source) => branchOf(source) ?? []))
      : await declaredBranches(repository, url)
  return [...names].map((name) => ({ remote, name }))
}
