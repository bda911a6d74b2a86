import { idOf, ownsSecret } from '../cluster/flux-objects.ts'
import type { Secret } from '../cluster/kube-objects.ts'
import type { FluxUse } from './flux-use.ts'

/** Who puts a Secret back as it was after somebody else has changed it. */
export type Keeper =
  /** Flux applies it from a source. `kustomization`: `namespace/name`. */
  | { code: 'kustomization'; kustomization: string }
  /** A controller makes it from another object. */
  | { code: 'owner'; kind: string; name: string }
  /** A tool copies or makes it. `from`: from what, where the Secret says so. */
  | { code: 'tool'; tool: string; from: string | undefined }

/** The annotations and labels of tools that write Secrets without being their owner. */
const marks: readonly [name: RegExp, tool: string][] = [
  [/^reconcile\.external-secrets\.io\/(managed|created-by|data-hash)$/, 'External Secrets'],
  [/^reflector\.v1\.k8s\.emberstack\.com\/(reflects|auto-reflects)$/, 'reflector'],
  [/^replicator\.v1\.mittwald\.de\/(replicate-from|replicated-from.*)$/, 'kubernetes-replicator'],
  [/^kubed\.appscode\.com\/origin$/, 'config-syncer'],
  [/^generate\.kyverno\.io\/(policy-name|clone-policy-name)$/, 'Kyverno'],
  [/^helm\.toolkit\.fluxcd\.io\/name$/, 'a HelmRelease'],
  [/^meta\.helm\.sh\/release-name$/, 'Helm'],
  [/^resourceset\.fluxcd\.controlplane\.io\/name$/, 'a ResourceSet'],
  [/^argocd\.argoproj\.io\/(tracking-id|instance)$/, 'Argo CD'],
]

/** What the annotations of Flux say where it leaves an object alone (docs/decryption.md#the-key-secret-and-kubectl). */
const leftAlone: Record<string, string> = {
  'kustomize.toolkit.fluxcd.io/ssa': '^(ignore|ifnotpresent)$',
  'kustomize.toolkit.fluxcd.io/reconcile': '^disabled$',
}

/**
 * Finds who keeps a Secret in the cluster.
 * @param use `undefined` where the user may not list the Kustomizations: then the labels of Flux count
 * @returns `undefined` where nobody is known to
 */
export function findKeeper(
  { metadata }: Secret,
  use: Pick<FluxUse, 'kustomizations'> | undefined,
): Keeper | undefined {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller)
  if (owner) return { code: 'owner', kind: owner.kind, name: owner.name }
  const kustomization = keepingKustomization(metadata, use)
  if (kustomization) return { code: 'kustomization', kustomization }
  const notes = Object.entries({ ...metadata.labels, ...metadata.annotations })
  for (const [pattern, tool] of marks) {
    const found = notes.filter(([name, value]) => pattern.test(name) && value !== 'false')
    // one of several may say where it is from
    const from = found
      .map(([, value]) => originIn(value))
      .find((value) => !/true|^[0-9a-f]{32,}$/i.test(value))
    if (found.length > 0) return { code: 'tool', tool, from }
  }
  return undefined
}

/** `namespace/name`, where a tool writes that as JSON (https://appscode.com/products/kubed/v0.12.0/guides/config-syncer/intra-cluster/). */
function originIn(value: string): string {
  const [namespace, name] = ['namespace', 'name'].map(
    (field) => new RegExp(`"${field}" *: *"([^"]+)"`).exec(value)?.[1],
  )
  return namespace && name ? `${namespace}/${name}` : value
}

function keepingKustomization(
  { namespace, name, labels, annotations }: Secret['metadata'],
  use: Pick<FluxUse, 'kustomizations'> | undefined,
) {
  for (const [annotation, values] of Object.entries(leftAlone))
    if (new RegExp(values, 'i').test(annotations?.[annotation] ?? '')) return undefined
  // the labels stay when a Kustomization gives an object up
  if (use) {
    const found = use.kustomizations.find((one) => ownsSecret(one, `${namespace}`, name))
    return found && idOf(found)
  }
  const [by, of] = ['name', 'namespace'].map((part) => labels?.[`kustomize.toolkit.fluxcd.io/${part}`])
  return by && of ? `${of}/${by}` : undefined
}
