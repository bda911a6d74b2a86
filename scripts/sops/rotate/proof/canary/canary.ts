import type { Finding } from '../../../../findings/finding.ts'
import type { Caller } from '../../../../lib/caller.ts'
import type { ClusterView } from '../../../../lib/cluster/cluster-view.ts'
import type { GitRepository, Kustomization } from '../../../../lib/cluster/flux-objects.ts'
import type { Cluster } from '../../../../lib/cluster/kubectl.ts'
import type { Repository } from '../../../../lib/git/git.ts'
import type { Remote } from '../../../verify/branch/remote.ts'
import type { Stages } from '../../../verify/stages.ts'

/** What is to be proved by a canary, and where. */
export interface CanaryProof {
  /** Of the kubeconfig; the current one where `undefined`. */
  context: string | undefined
  /** Whose key is proved, as it is in the cluster. */
  kustomization: Kustomization
  /** Its source, as it is in the cluster. */
  source: GitRepository
  /** The test Secret is encrypted to these alone. */
  recipients: readonly string[]
  repository: Repository
  /** Name or URL of the remote that Flux follows. */
  remote: string
  /** How long the cluster may take for the proof, as `5m`. */
  timeout: string
  caller: Caller
}

/** What one proof works with. */
export interface CanarySession {
  readonly options: CanaryProof
  readonly cluster: Cluster
  readonly view: ClusterView
  readonly stages: Stages
  /** In ms since the epoch. */
  readonly deadline: number
  /** What is found on the way and does not decide. */
  readonly findings: Finding[]
}

/** The name of an object of a cluster. */
export interface CanaryObject {
  namespace: string
  name: string
}

/** Where a canary is: what has to be gone at the end. */
export interface CanaryPlace {
  /** The id of its run, which each of its objects carries. */
  run: string
  /** Short name of its branch. */
  branch: string
  kustomization: CanaryObject
  source: CanaryObject
  /** Where the test Secret is put. */
  secret: CanaryObject
}

/** The branches of canaries, and their objects, begin so. */
export const canaryPrefix = 'sops-canary-'

/**
 * Where the canary of a run is.
 * @param target the namespace of the test Secret
 */
export function canaryPlace(
  run: string,
  { kustomization, source }: Pick<CanaryProof, 'kustomization' | 'source'>,
  target: string,
): CanaryPlace {
  // Flux makes a label of the name of a Kustomization, which has no room for the whole id
  const name = `${canaryPrefix}${run.split('.')[0]}`
  return {
    run,
    branch: `${canaryPrefix}${run}`,
    kustomization: { namespace: `${kustomization.metadata.namespace}`, name },
    source: { namespace: `${source.metadata.namespace}`, name },
    secret: { namespace: target, name },
  }
}

/** Where the branch of a canary is pushed to. */
export interface CanaryRemote {
  /** As the user calls it. */
  given: string
  remote: Remote
  repository: Repository
}
