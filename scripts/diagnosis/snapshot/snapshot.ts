import { type FluxSource, type Kustomization, sourceIdOf } from '../../lib/cluster/flux-objects.ts'
import type { ConfigMap, KubeObject, Secret } from '../../lib/cluster/kube-objects.ts'

/** A controller of Flux as its Deployment says. */
export interface Controller extends KubeObject {
  spec: {
    replicas?: number
    template: { spec: { containers: { name: string; image: string; args?: string[] }[] } }
  }
  status?: { readyReplicas?: number }
}

/** What could not be listed, so that nothing is known of it. */
export interface NotRead {
  /** `secrets` */
  plural: string
  /** What keeps it from being read, redacted; without it: the user may not list it. */
  says?: string
}

/** An object that Flux has applied. The items of a list do not all say what they are. */
export interface OtherObject {
  group: string
  kind: string
  object: KubeObject
}

/** What Flux has applied besides what a snapshot has anyhow. */
export interface AppliedObjects {
  others: readonly OtherObject[]
  notRead: readonly NotRead[]
}

/** A cluster at one moment, as far as a diagnosis wants to know. */
export interface Snapshot {
  /** The name of the context. */
  context: string
  /** The only namespace that was looked into; all where `undefined`. */
  namespace: string | undefined
  /** By `namespace/name`. */
  kustomizations: ReadonlyMap<string, Kustomization>
  /** Those of the kinds that a Kustomization names, by kind and id: `GitRepository flux-system/flux-system`. */
  sources: ReadonlyMap<string, FluxSource>
  /** Those that Flux has applied, by its label or by the inventories, and all that have the name of one that a Kustomization uses; by `namespace/name`. They hold secrets. */
  secrets: ReadonlyMap<string, Secret>
  /** As `secrets`. */
  configMaps: ReadonlyMap<string, ConfigMap>
  /** `undefined` where the user may not list them. */
  namespaces: ReadonlySet<string> | undefined
  /** The Deployments of the controllers of Flux; none where Flux runs otherwise. */
  controllers: readonly Controller[]
  notRead: readonly NotRead[]
  /** What the inventories list beside these. It is read when it is asked for, once, while the cluster is open. */
  applied(): Promise<AppliedObjects>
}

/** The name of a source among those of a snapshot. @returns `GitRepository flux-system/flux-system` */
export function snapshotKeyOf(kustomization: Kustomization): string {
  return `${kustomization.spec.sourceRef.kind} ${sourceIdOf(kustomization)}`
}

/** Whether the user may list the objects of a kind. @param plural `secrets` */
export function isRead({ notRead }: Pick<Snapshot, 'notRead'>, plural: string): boolean {
  return !notRead.some((one) => one.plural === plural)
}
