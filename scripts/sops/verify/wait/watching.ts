import type { Finding } from '../../../findings/finding.ts'
import type { ClusterView, Watched } from '../../../lib/cluster/cluster-view.ts'
import {
  type GitRepository,
  gitRepositories,
  idOf,
  type Kustomization,
  kustomizations,
} from '../../../lib/cluster/flux-objects.ts'
import type { Secret } from '../../../lib/cluster/kube-objects.ts'
import type { Cluster } from '../../../lib/cluster/kubectl.ts'
import type { Branch } from '../branch/branch.ts'
import type { ClusterSecret } from '../checks/cluster-secret.ts'
import type { Target } from '../checks/target.ts'
import { makeWitness, type SecretWitness } from './witness.ts'

/** The Flux objects that are watched. */
export interface WatchedFlux {
  kustomizations: Watched<Kustomization>
  sources: Watched<GitRepository>
  /** Is told of each change of these Kustomizations. */
  witness: SecretWitness
}

/** What a run looks at while it waits. */
export interface Watching extends WatchedFlux {
  cluster: Cluster
  view: ClusterView
  branch: Pick<Branch, 'name' | 'contains'>
  target: Target
  /** Only the test Secret, where it is in the cluster. */
  secrets: Watched<Secret>
  /** What the test Secret has to be. */
  secret: ClusterSecret
  /** In ms since the epoch. */
  deadline: number
  /** What is found on the way and does not decide is added here. */
  findings: Finding[]
}

/** Watches the Kustomizations and sources that the target has to do with: all namespaces where that is more than one. */
export function watchFlux(
  view: ClusterView,
  { kustomization, chain, source, neighbours }: Target,
): WatchedFlux {
  const known = [...chain, ...neighbours]
  const namespaces = new Set([
    ...[...known, source].map(({ metadata }) => metadata.namespace),
    ...known.map(({ metadata, spec }) => spec.sourceRef.namespace ?? metadata.namespace),
  ])
  const scope = namespaces.size > 1 ? {} : { namespace: kustomization.metadata.namespace }
  const witness = makeWitness(idOf(kustomization), known)
  return {
    kustomizations: view.watch<Kustomization>('cannot watch Kustomizations', kustomizations, scope, {
      known,
      seen: witness.seeKustomization,
    }),
    sources: view.watch<GitRepository>('cannot watch GitRepositories', gitRepositories, scope, {
      known: [source],
    }),
    witness,
  }
}
