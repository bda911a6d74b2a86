import type { Finding } from '../../findings/finding.ts'
import type { Caller } from '../../lib/caller.ts'
import type { ClusterView } from '../../lib/cluster/cluster-view.ts'
import type { Cluster } from '../../lib/cluster/kubectl.ts'
import type { ClusterSecret } from './checks/cluster-secret.ts'
import type { Target } from './checks/target.ts'
import type { Stages } from './stages.ts'

/** What the user wants of `sops:verify`. */
export interface VerifyOptions {
  /** `infrastructure` (in flux-system) or `namespace/name`; `undefined`: the one that can carry the test. */
  kustomization: string | undefined
  /** Namespace of the test Secret. */
  namespace: string
  /** Of the test Secret, in its directory; `undefined`: one that the creation rules select. */
  fileName: string | undefined
  /** Of age: the test Secret is encrypted to these alone; `undefined`: to the keys of the creation rule. */
  recipients: readonly string[] | undefined
  /** How long the cluster may take for everything, as `5m`. */
  timeout: string
  /** Of the kubeconfig; the current one where `undefined`. */
  context: string | undefined
  /** Name or URL of the remote that Flux follows. */
  remote: string
  /** Remove the test Secret of another run that may be at work. */
  takeOver: boolean
  /** Absolute path of the file for what was proved. */
  evidence: string | undefined
  caller: Caller
}

/** What one run of `sops:verify` works with from its first moment to its last. */
export interface Session {
  readonly options: VerifyOptions
  readonly cluster: Cluster
  readonly view: ClusterView
  /** When the cluster has to be done, in ms since the epoch. */
  readonly deadline: number
  readonly stages: Stages
  /** What was found on the way and does not decide. */
  readonly findings: Finding[]
}

/** Which object was seen, and in which state. */
export interface SeenObject {
  uid: string | undefined
  resourceVersion: string | undefined
}

/**
 * How far a run has come, for the report and the clean-up wherever it ends. Each part is missing until it is known, or has
 * happened. The stages write it, and do not read it.
 */
export interface Progress {
  /** The name of the context. */
  context?: string
  target?: Target
  /** Where Flux puts the test Secret. */
  secret?: ClusterSecret
  /** The test Secret as it was when its value was right. */
  seen?: SeenObject
  /** The commit that brought the test Secret onto the branch. */
  created?: string
  /** The commit that took it off the branch. */
  removed?: string
}
