import type { Caller } from '../../lib/caller.ts'
import type { ClusterView } from '../../lib/cluster/cluster-view.ts'
import type { Cluster } from '../../lib/cluster/kubectl.ts'
import type { Place } from '../test-secret/place.ts'
import type { Branch } from './branch/branch.ts'
import type { Target } from './checks/target.ts'
import type { Finding } from './findings/finding.ts'
import type { Stages } from './stages.ts'

export interface VerifyOptions {
  /** `infrastructure` (in flux-system) or `namespace/name`. */
  kustomization: string
  /** Namespace of the test Secret. */
  namespace: string
  /** How long the cluster may take for everything, as `5m`. */
  timeout: string
  context: string | undefined
  /** Name or URL of the remote that Flux follows. */
  remote: string
  caller: Caller
}

/** One run of `sops:verify`: what it knows and what it has opened. Filled by the stages. */
export interface Trip {
  readonly options: VerifyOptions
  readonly cluster: Cluster
  readonly stages: Stages
  readonly findings: Finding[]
  readonly view: ClusterView
  /** In ms since the epoch. */
  readonly deadline: number
  context?: string
  target?: Target
  branch?: Branch
  /** Where the test Secret is in the worktree. */
  place?: Place
  /** The id of this run, which its test Secret carries. */
  run?: string
  /** The commit that brought the test Secret. */
  created?: string
  /** The commit that took it away again. */
  removed?: string
  /** The test Secret in the cluster, `namespace/name`. */
  secret?: string
}

/** How the branch is called for people; a URL without the credentials that it may hold. */
export function whereOf({ remote }: VerifyOptions, { branch }: Target): string {
  return `${withoutCredentials(remote)}/${branch}`
}

/** A URL without the credentials that it may hold. */
export function withoutCredentials(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//')
}

/** The name of the test Secret and of its directory, and the messages of its commits. */
export const testName = 'sops-test'
export const createMessage = 'feat(flux): add sops-test encrypted secret'
export const removeMessage = 'chore(flux): remove sops-test after verification'
