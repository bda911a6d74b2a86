import { posix } from 'node:path'
import type { Resource } from './kube-api.ts'
import type { KubeObject } from './kube-objects.ts'

/** Flux Kustomizations, in the version that Flux has since 2.0. */
export const kustomizations: Resource = {
  api: '/apis/kustomize.toolkit.fluxcd.io/v1',
  plural: 'kustomizations',
}
/** GitRepositories, in the version that Flux has since 2.0. */
export const gitRepositories: Resource = {
  api: '/apis/source.toolkit.fluxcd.io/v1',
  plural: 'gitrepositories',
}

/** The kinds of objects that a Kustomization can have as its source, in the version that Flux has of each since 2.7. */
export const sourceResources = {
  GitRepository: gitRepositories,
  OCIRepository: { api: '/apis/source.toolkit.fluxcd.io/v1', plural: 'ocirepositories' },
  Bucket: { api: '/apis/source.toolkit.fluxcd.io/v1', plural: 'buckets' },
  ExternalArtifact: { api: '/apis/source.toolkit.fluxcd.io/v1', plural: 'externalartifacts' },
} as const satisfies Record<string, Resource>

/** The label by which kustomize-controller knows what it has applied (docs/decryption.md#inventory-and-pruning). */
export const appliedLabel = 'kustomize.toolkit.fluxcd.io/name'

/** What a controller says of an object in its status. */
export interface Condition {
  type: string
  status: 'True' | 'False' | 'Unknown'
  reason: string
  /** May hold a decrypted value (docs/decryption.md#what-messages-can-hold): redact it before it is shown. */
  message: string
  lastTransitionTime?: string
}

/** What of a Flux Kustomization the tasks read. */
export interface Kustomization extends KubeObject {
  spec: {
    path?: string
    interval?: string
    prune: boolean
    suspend?: boolean
    sourceRef: { kind: string; name: string; namespace?: string }
    dependsOn?: { name: string; namespace?: string }[]
    decryption?: { provider: string; secretRef?: { name: string }; serviceAccountName?: string }
    postBuild?: {
      substitute?: Record<string, string>
      substituteFrom?: { kind: string; name: string; optional?: boolean }[]
    }
    serviceAccountName?: string
    timeout?: string
    targetNamespace?: string
    namePrefix?: string
    nameSuffix?: string
    components?: string[]
    ignoreMissingComponents?: boolean
    patches?: unknown[]
    kubeConfig?: unknown
  }
  status?: {
    conditions?: Condition[]
    observedGeneration?: number
    lastAppliedRevision?: string
    lastAttemptedRevision?: string
    lastHandledReconcileAt?: string
    inventory?: { entries?: { id: string; v: string }[] }
  }
}

/** What the tasks read of a source of any kind. */
export interface FluxSource extends KubeObject {
  spec: { suspend?: boolean; interval?: string; url?: string }
  status?: {
    conditions?: Condition[]
    artifact?: { revision: string; lastUpdateTime?: string }
    lastHandledReconcileAt?: string
  }
}

/** What of a GitRepository the tasks read. */
export interface GitRepository extends FluxSource {
  spec: {
    url: string
    interval?: string
    suspend?: boolean
    /** What is left out of its artifacts, as `.sourceignore` says it. */
    ignore?: string
    /** Its submodules are in its artifacts as well. */
    recurseSubmodules?: boolean
    /** Files of other GitRepositories that are in its artifacts. */
    include?: unknown[]
    /** Only what begins with one of these is in its artifacts. */
    sparseCheckout?: string[]
    ref?: { branch?: string; tag?: string; semver?: string; name?: string; commit?: string }
    secretRef?: { name: string }
  }
}

/** `namespace/name` */
export function idOf({ metadata }: KubeObject): string {
  return `${metadata.namespace}/${metadata.name}`
}

/**
 * The directory that a Kustomization builds, relative to the root of its source, which is `.`. The controller never leaves the
 * artifact: `..` at its root is the root (kustomize-controller v1.9.4 kustomization_controller.go, SecureJoin).
 */
export function builtDirectory({ spec }: Kustomization): string {
  return posix.join('/', spec.path ?? '.').replace(/^\/|\/$/g, '') || '.'
}

/** The commit of a revision such as `main@sha1:…`, `sha1:…` or `main/…` (docs/decryption.md#revisions). */
export function commitOf(revision: string | undefined): string | undefined {
  return /(?:^|[@/])(?:sha1:)?([0-9a-f]{40})$/.exec(revision ?? '')?.[1]
}

/** A condition by its type. */
export function conditionOf(
  object: { status?: { conditions?: Condition[] } },
  type: string,
): Condition | undefined {
  return object.status?.conditions?.find((condition) => condition.type === type)
}

/**
 * The condition by which a GitRepository has failed to fetch; `undefined` where it has not. Its Ready is False as well while it has
 * only found something new (`ArtifactOutdated`, source-controller v1.9.4 gitrepository_controller.go), and stays so where the
 * controller ends in between.
 */
export function fetchFailureOf(source: FluxSource): Condition | undefined {
  const ready = conditionOf(source, 'Ready')
  const isOutdated = conditionOf(source, 'ArtifactOutdated')?.reason === ready?.reason
  return ready?.status === 'False' && !isOutdated ? ready : undefined
}

/**
 * Why a source has failed last, also while it tries again: its Ready is Unknown then, and the condition that tells why stays
 * (source-controller v1.9.4 gitrepository_controller.go).
 */
export function lastFailureOf(source: FluxSource): Condition | undefined {
  const fetched = conditionOf(source, 'FetchFailed')
  const verified = conditionOf(source, 'SourceVerified')
  return (
    fetchFailureOf(source) ??
    (fetched?.status === 'True' ? fetched : undefined) ??
    (verified?.status === 'False' ? verified : undefined)
  )
}

/**
 * The branch that a GitRepository follows; `master` where its `ref` names nothing. Of several fields of `ref` the last one counts,
 * in the order branch, tag, semver, name, commit (docs/decryption.md#revisions).
 * @returns undefined where it follows a tag, a version or a commit
 */
export function branchOf({ spec: { ref } }: GitRepository): string | undefined {
  if (ref?.commit) return undefined
  if (ref?.name) return /^refs\/heads\/(.+)$/.exec(ref.name)?.[1]
  if (ref?.tag || ref?.semver) return undefined
  return ref?.branch || 'master'
}

/** The ids (`namespace/name`) of the Kustomizations that one depends on. */
export function dependenciesOf({ metadata, spec }: Kustomization): string[] {
  return (spec.dependsOn ?? []).map(({ name, namespace }) => `${namespace ?? metadata.namespace}/${name}`)
}

/** The id (`namespace/name`) of the source of a Kustomization. */
export function sourceIdOf({ metadata, spec }: Kustomization): string {
  return `${spec.sourceRef.namespace ?? metadata.namespace}/${spec.sourceRef.name}`
}

/** An object in an inventory. */
export interface InventoryEntry {
  /** Empty for one of the cluster. */
  namespace: string
  name: string
  /** Empty for the core API. */
  group: string
  kind: string
  /** Of its API: `v1`. */
  version: string
}

/**
 * The objects in the inventory of a Kustomization, each as `<ns>_<name>_<group>_<kind>` (docs/decryption.md#inventory-and-pruning;
 * a colon in a name is written as two underscores: cli-utils object.ObjMetadata).
 */
export function inventoryOf({ status }: Kustomization): InventoryEntry[] {
  return (status?.inventory?.entries ?? []).flatMap(({ id, v }) => {
    const [, namespace, name, group, kind] = /^([^_]*)_(.+)_([^_]*)_([^_]+)$/.exec(id) ?? []
    if (namespace === undefined || name === undefined || group === undefined || !kind) return []
    return [{ namespace, name: name.replaceAll('__', ':'), group, kind, version: v }]
  })
}

/** How an inventory names an object: `<ns>_<name>_<group>_<kind>`. @param group empty for the core API */
export function inventoryIdOf({ metadata }: KubeObject, group: string, kind: string): string {
  return [metadata.namespace ?? '', metadata.name.replaceAll(':', '__'), group, kind].join('_')
}

/**
 * The Kustomization that has applied an object last, as its labels say, `namespace/name`. It may be one of another cluster that
 * applies here.
 */
export function writerOf({ metadata: { labels = {} } }: Pick<KubeObject, 'metadata'>): string | undefined {
  const name = labels[appliedLabel]
  return name === undefined ? undefined : `${labels['kustomize.toolkit.fluxcd.io/namespace']}/${name}`
}

/** The Secrets that the inventory of a Kustomization lists. */
export function secretsOf(kustomization: Kustomization): { namespace: string; name: string }[] {
  const own = inventoryOf(kustomization).filter(({ group, kind }) => group === '' && kind === 'Secret')
  return own.map(({ namespace, name }) => ({ namespace, name }))
}

/** Whether the inventory of a Kustomization lists a Secret of this cluster. */
export function ownsSecret(kustomization: Kustomization, namespace: string, name: string): boolean {
  // what it applies elsewhere is listed like what is here
  if (kustomization.spec.kubeConfig) return false
  return secretsOf(kustomization).some((one) => one.namespace === namespace && one.name === name)
}
