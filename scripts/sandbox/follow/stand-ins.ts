/** A kind as a manifest names it. */
export interface Kind {
  group: string
  version: string
  kind: string
}

/** Whether the objects of a kind are in namespaces. */
export type KindScope = 'Namespaced' | 'Cluster'

/** A CustomResourceDefinition, as far as it is read here. */
export interface Definition {
  apiVersion: string
  kind: string
  metadata: { name: string }
  spec: {
    group: string
    scope: KindScope
    names: { kind: string; plural: string }
    versions: { name: string; schema?: unknown }[]
  }
  status?: { conditions?: { type: string; status: string }[] | null }
}

/** Stands in the schema of a stand-in, so it goes where Flux applies a definition of that name. */
const mark = 'flux:sandbox takes every object of this kind'

/** Whether a definition is one that the sandbox has made. */
export function isStandIn({ spec }: Definition): boolean {
  return JSON.stringify(spec.versions).includes(mark)
}

/**
 * A CustomResourceDefinition that takes every object of a kind.
 * @param versions the first one is stored
 */
export function standIn(
  group: string,
  kind: string,
  versions: readonly string[],
  scope: KindScope,
): Definition {
  const plural = pluralOf(kind)
  // the API server asks for it in the groups of Kubernetes' own projects, as gateway.networking.k8s.io
  const annotations = { 'api-approved.kubernetes.io': 'unapproved, for a sandbox' }
  const openAPIV3Schema = { description: mark, type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
  const metadata = { name: `${plural}.${group}`, annotations }
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata,
    spec: {
      group,
      scope,
      names: { kind, plural },
      versions: versions.map((name, index) => {
        return { name, served: true, storage: index === 0, schema: { openAPIV3Schema } }
      }),
    },
  }
}

/**
 * How Kubernetes calls several objects of a kind. A guess, for definitions are free in it; only kubectl shows it, as Flux asks the
 * API server.
 */
function pluralOf(kind: string): string {
  const singular = kind.toLowerCase()
  if (/(s|x|z|ch|sh)$/.test(singular)) return `${singular}es`
  return /[^aeiou]y$/.test(singular) ? singular.replace(/y$/, 'ies') : `${singular}s`
}

/** Whether the objects of a kind are in namespaces, by its name alone: ClusterIssuer, GatewayClass are not. */
export function scopeOf(kind: string): KindScope {
  return /^Cluster[A-Z]|Clusterwide|Class$/.test(kind) ? 'Cluster' : 'Namespaced'
}

/** The kind that is not there, in a message of kustomize-controller (k8s.io/apimachinery pkg/api/meta/errors.go). */
export function missingKind(message: string): Kind | undefined {
  const [, kind, group, version] =
    /no matches for kind "(\w+)" in version "([^"/]+)\/([^"/]+)"/.exec(message) ?? []
  return kind && group && version ? { group, version, kind } : undefined
}

/**
 * The kind of an object without a namespace that should have one, in a message of kustomize-controller
 * (github.com/fluxcd/pkg/ssa v0.76.1 errors/errors.go).
 */
export function kindWithoutNamespace(message: string): string | undefined {
  return /(\w+)\/\S+ namespace not specified/.exec(message)?.[1]
}

/** The definition that the API server refuses, in a message of kustomize-controller. */
export function refusedDefinition(message: string): string | undefined {
  return /CustomResourceDefinition\/(\S+) dry-run failed/.exec(message)?.[1]
}
