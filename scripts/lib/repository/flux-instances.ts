import { parseDocuments } from '../yaml/documents.ts'
import { listAt, textAt, valueAt } from '../yaml/values.ts'
import { type FluxKustomization, madeKustomization } from './flux-file.ts'

/** The source that a FluxInstance makes. */
interface MadeSource {
  kind: string
  name: string
  namespace: string
  url: string | undefined
  /** `spec.sync.ref`: of a GitRepository its `spec.ref.name`. */
  ref: string | undefined
}

/** What a FluxInstance makes its Flux follow. */
export interface FluxInstance {
  name: string
  /** `spec.sync.path` */
  path: string
  /** `spec.kustomize.patches`, which it applies to what it makes. */
  patches: unknown[]
  /** Whether one of them gives a decryption block. */
  decrypts: boolean
  /** The source that it makes, called like the namespace unless `spec.sync.name` says otherwise; `undefined` without `spec.sync`. */
  source: MadeSource | undefined
  /** Where its spec stands in the object: in a HelmRelease among the values. */
  at: readonly string[]
}

/** A place that configures the Flux controllers of a cluster. */
export interface FluxInstallation {
  /** Relative to the root. */
  file: string
  /** Of a FluxInstance, also as the values of its Helm chart; `undefined` for a plain manifest or a patch of one. */
  instance: FluxInstance | undefined
  /** Of the object; `undefined` for one that names none, and for a patch. */
  namespace: string | undefined
  /**
   * The names of the Secrets that kustomize-controller gets as its own key (`--sops-age-secret`, Flux 2.7;
   * docs/decryption.md#where-the-key-is-looked-up): one, where it is not written twice.
   */
  keySecrets: readonly string[]
}

/** One of these is in every file that `findInstallations` wants to see. */
export const installationMarks: readonly string[] = ['--sops-age-secret=', 'FluxInstance', 'flux-instance']

/** What a text has in which something can be found; others only mention it. */
const declares = /--sops-age-secret=|\bkind["']?\s*:\s*["']?FluxInstance\b|\binstance["']?\s*:/

/**
 * Finds the FluxInstances of a repository, and what gives a controller its own key.
 * @param texts of the YAML and JSON files with a mark, by path
 */
export function findInstallations(texts: ReadonlyMap<string, string>): FluxInstallation[] {
  return [...texts]
    .filter(([, text]) => declares.test(text))
    .flatMap(([file, text]) => parseDocuments(text).flatMap(({ value }) => read(value, file)))
}

function read(value: unknown, file: string): FluxInstallation[] {
  const at = placeOf(value)
  const spec = at && valueAt(value, ...at)
  const keySecrets = [...new Set(keySecretsIn(spec ?? value))]
  const own = textAt(value, 'metadata', 'namespace')
  if (!at || !spec)
    return keySecrets.length > 0 ? [{ file, instance: undefined, namespace: own, keySecrets }] : []
  const patches = listAt(spec, 'kustomize', 'patches')
  const decrypts = patches.some((patch) => /^[^#\n]*\bdecryption\b/m.test(textAt(patch, 'patch') ?? ''))
  const name = textAt(value, 'metadata', 'name') ?? 'flux'
  const namespace = own ?? 'flux-system'
  const path = textAt(spec, 'sync', 'path') ?? '.'
  const source = sourceOf(spec, namespace)
  return [{ file, instance: { name, path, patches, decrypts, source, at }, namespace, keySecrets }]
}

/** fluxoperator.dev, FluxInstance `spec.sync`. */
function sourceOf(spec: unknown, namespace: string): FluxInstance['source'] {
  const sync = valueAt(spec, 'sync')
  if (sync === undefined) return undefined
  const kind = textAt(sync, 'kind') ?? 'GitRepository'
  const [name = namespace, url, ref] = ['name', 'url', 'ref'].map((field) => textAt(sync, field))
  return { kind, name, namespace, url, ref }
}

/** The names that the flag has in the texts of a value, but for comments of a patch. */
function keySecretsIn(value: unknown): string[] {
  if (typeof value === 'string')
    return value
      .split('\n')
      .flatMap((line) => /^[^#]*--sops-age-secret=([a-z0-9][a-z0-9.-]*)/.exec(line)?.[1] ?? [])
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(keySecretsIn) : []
}

/** Where the spec of a FluxInstance stands, or what the chart flux-instance makes one of. */
function placeOf(value: unknown): readonly string[] | undefined {
  const kind = textAt(value, 'kind')
  if (kind === 'FluxInstance') return ['spec']
  return kind === 'HelmRelease' ? ['spec', 'values', 'instance'] : undefined
}

/**
 * The Kustomization that a FluxInstance makes, called like its source (fluxoperator.dev, FluxInstance `spec.sync`).
 * @returns `undefined` where it syncs nothing
 */
export function rootOf({ file, instance }: FluxInstallation): FluxKustomization | undefined {
  if (!instance?.source) return undefined
  const { kind, name, namespace } = instance.source
  return madeKustomization(file, {
    metadata: { name, namespace },
    spec: {
      path: instance.path,
      interval: '10m',
      prune: true,
      sourceRef: { kind, name },
      ...(instance.decrypts && { decryption: { provider: 'sops' } }),
    },
  })
}
