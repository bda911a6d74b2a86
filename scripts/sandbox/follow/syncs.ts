import { posix } from 'node:path'
import type { KubeObject } from '../../lib/cluster/kube-objects.ts'
import type { Repository } from '../../lib/git/git.ts'
import { filesOfCommit, readBlobs, searchCommit } from '../../lib/git/git-objects.ts'
import {
  type FluxInstallation,
  findInstallations,
  installationMarks,
} from '../../lib/repository/flux-instances.ts'
import { parseDocuments } from '../../lib/yaml/documents.ts'
import { isMapping, textAt, valueAt } from '../../lib/yaml/values.ts'

/** How a repository says that a cluster follows it: `gotk-sync.yaml` of `flux bootstrap`, or a FluxInstance. */
export interface Sync {
  /** The file that says so, relative to the root; `undefined` where none does. */
  file: string | undefined
  /** The directory that the cluster's Kustomization builds, relative to the root, which is `.`. */
  path: string
  /** The URL of the source, where the file names one. */
  url: string | undefined
  /** The kind that the repository gives the source; here it is a GitRepository. */
  sourceKind: string
  /** The source and the Kustomization, as they are written, or as the operator makes them. */
  source: KubeObject
  kustomization: KubeObject
  /** What is still to be applied to the two: these patches, or those of the kustomization beside the file. */
  patches: unknown[] | 'beside'
  /** The Secret that kustomize-controller is to have as its own key (`--sops-age-secret`), where the repository gives it one. */
  keySecret: string | undefined
}

const gotkSync = 'gotk-sync.yaml'

/**
 * Finds the clusters that follow a repository, as its commit says it.
 * @returns one for each directory that a cluster's Kustomization builds, sorted by it
 */
export async function findSyncs(repository: Repository, commit: string): Promise<Sync[]> {
  const [blobs, mentions] = await Promise.all([
    filesOfCommit(repository, commit),
    searchCommit(repository, commit, installationMarks),
  ])
  const files = new Set([...blobs.keys()].filter((file) => posix.basename(file) === gotkSync))
  for (const file of mentions) if (/\.(ya?ml|json)$/.test(file) && blobs.has(file)) files.add(file)
  const texts = await readBlobs(
    repository,
    [...files].map((file) => blobs.get(file)!),
  )
  const textOf = (file: string) => texts.get(blobs.get(file) ?? '') ?? ''
  const marked = new Map(mentions.filter((file) => files.has(file)).map((file) => [file, textOf(file)]))
  const installations = findInstallations(marked)
  const bootstrapped = [...files].filter((file) => posix.basename(file) === gotkSync)
  const found = [
    ...bootstrapped.map((file) => ofBootstrap(file, textOf(file), installations)),
    ...installations.flatMap(ofInstance),
  ]
  const byPath = new Map<string, Sync>()
  for (const sync of found) {
    const same = byPath.get(sync.path)
    byPath.set(sync.path, same ? { ...same, keySecret: same.keySecret ?? sync.keySecret } : sync)
  }
  return [...byPath.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

/** What `flux bootstrap` would make of a directory. */
export function plainSync(path: string): Sync {
  const objects = { source: sourceOf(), kustomization: kustomizationOf(path) }
  const unsaid = { file: undefined, url: undefined, keySecret: undefined }
  return { ...unsaid, path, sourceKind: 'GitRepository', ...objects, patches: [] }
}

/** A directory as it is compared: `./clusters/x/` is `clusters/x`, the root `.`. */
export function plainPath(path: string): string {
  return posix.join('/', path).replace(/^\/+|\/+$/g, '') || '.'
}

/** One without objects is still to be written by `flux bootstrap`: its path is then the directory above `flux-system`. */
function ofBootstrap(file: string, text: string, installations: readonly FluxInstallation[]): Sync {
  const values = parseDocuments(text).map(({ value }) => value)
  const written = values.find((value) => textAt(value, 'kind') === 'Kustomization')
  const source = values.find((value) => textAt(value, 'spec', 'url') !== undefined)
  const path = written
    ? plainPath(textAt(written, 'spec', 'path') ?? '.')
    : posix.dirname(posix.dirname(file))
  return {
    file,
    path,
    url: textAt(source, 'spec', 'url'),
    sourceKind: textAt(source, 'kind') ?? 'GitRepository',
    source: placed(source) ?? sourceOf(),
    kustomization: placed(written) ?? kustomizationOf(path),
    patches: 'beside',
    keySecret: installations.findLast((one) => !one.instance && isBeside(one.file, file))?.keySecrets.at(-1),
  }
}

/** As the components and the patches of the controllers are beside `gotk-sync.yaml`. */
function isBeside(one: string, other: string): boolean {
  return posix.dirname(one) === posix.dirname(other)
}

/** An object of `gotk-sync.yaml`; `undefined` for what is none. */
function placed(value: unknown): KubeObject | undefined {
  if (!isMapping(value)) return undefined
  const { apiVersion = '', kind = '', ...rest } = value
  const metadata = {
    name: 'flux-system',
    namespace: 'flux-system',
    ...(isMapping(rest.metadata) && rest.metadata),
  }
  return { ...rest, apiVersion: `${apiVersion}`, kind: `${kind}`, metadata }
}

/** What flux-operator makes of `spec.sync`: a source and a Kustomization of the same name. */
function ofInstance({ file, instance, keySecrets }: FluxInstallation): Sync[] {
  const { source, path: written = '.', patches = [] } = instance ?? {}
  if (!source) return []
  const path = plainPath(written)
  return [
    {
      file,
      path,
      url: source.url,
      sourceKind: source.kind,
      source: sourceOf(source),
      kustomization: kustomizationOf(path, source),
      patches: patches.filter(concernsSync),
      keySecret: keySecrets.at(-1),
    },
  ]
}

/** A patch without a target patches the object that it is written as; of another kind it would fail the build. */
function concernsSync(patch: unknown): boolean {
  if (valueAt(patch, 'target') !== undefined) return true
  const [document] = parseDocuments(textAt(patch, 'patch') ?? '')
  return /^(Kustomization|GitRepository)$/.test(textAt(document?.value, 'kind') ?? '')
}

/** Without an URL: the sandbox gives it its own on the way in. */
function sourceOf(metadata: Place = root): KubeObject {
  return objectOf('source.toolkit.fluxcd.io/v1', 'GitRepository', metadata, {
    interval: '1m',
    url: 'http://127.0.0.1',
  })
}

function kustomizationOf(path: string, metadata: Place = root): KubeObject {
  const sourceRef = { kind: 'GitRepository', name: metadata.name }
  const spec = { interval: '10m', path: `./${path}`, prune: true, sourceRef }
  return objectOf('kustomize.toolkit.fluxcd.io/v1', 'Kustomization', metadata, spec)
}

interface Place {
  name: string
  namespace: string
}

/** Where `flux bootstrap` puts both. */
const root: Place = { name: 'flux-system', namespace: 'flux-system' }

function objectOf(
  apiVersion: string,
  kind: string,
  { name, namespace }: Place,
  spec: object,
): KubeObject & { spec: object } {
  return { apiVersion, kind, metadata: { name, namespace }, spec }
}
