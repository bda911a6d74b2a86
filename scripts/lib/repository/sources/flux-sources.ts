import { plainUrl } from '../../git/git.ts'
import { parseDocuments } from '../../yaml/documents.ts'
import { type Mapping, textAt, valueAt } from '../../yaml/values.ts'
import { directoryAt, type FileTree } from '../file-tree.ts'
import { isBootstrapFile } from '../flux-file.ts'
import type { FluxInstallation } from '../flux-instances.ts'

/** A source as the files of a repository tell of it. */
export interface DeclaredSource {
  kind: string
  name: string
  /** As written. */
  namespace: string | undefined
  /** Without what does not tell repositories apart (`plainUrl`); `undefined` where it is not known. */
  url: string | undefined
  /** `spec.ref` as a plain value. */
  ref: unknown
  /** `spec.ignore` */
  ignore: string | undefined
  /** Whether a cluster begins with it: then it is this repository, unless a remote says that another one is. */
  isFirst: boolean
}

/** What tells whether a source is this repository. */
export interface Sources {
  declared: readonly DeclaredSource[]
  /** The URLs of the remotes of the repository, by their names. */
  remotes: ReadonlyMap<string, string>
}

/** It is in every file that `findSources` wants to see. */
export const sourceMark = 'source.toolkit.fluxcd.io/v'

/** The kinds of sources that a Flux Kustomization can build. */
const kinds = ['GitRepository', 'OCIRepository', 'Bucket']

const declares = new RegExp(`\\bkind["']?\\s*:\\s*["']?(${kinds.join('|')})\\b`)

/**
 * Finds the sources that files declare, and those that a FluxInstance makes.
 * @param texts of the YAML and JSON files with the mark, by path
 * @param names which of them matter, where not all do: most OCIRepositories are charts
 */
export function findSources(
  texts: ReadonlyMap<string, string>,
  installations: readonly FluxInstallation[],
  names?: ReadonlySet<string>,
): DeclaredSource[] {
  const named = [...(names ?? [])].map(
    (name) => new RegExp(`\\bname["']?\\s*:\\s*["']?${RegExp.escape(name)}(?![\\w-])`),
  )
  const declared = [...texts]
    .filter(([, text]) => declares.test(text) && (!names || named.some((pattern) => pattern.test(text))))
    .flatMap(([file, text]) =>
      parseDocuments(text).flatMap(({ value }) => read(value, isBootstrapFile(file))),
    )
  const made = installations.flatMap(({ instance }) => instance?.source ?? [])
  return [
    ...declared,
    ...made.map((one) => ({
      ...one,
      url: known(one.url),
      ref: { name: one.ref },
      ignore: undefined,
      isFirst: true,
    })),
  ]
}

function read(value: unknown, isOfBootstrap: boolean): DeclaredSource[] {
  const name = textAt(value, 'metadata', 'name')
  const kind = textAt(value, 'kind') ?? ''
  const isSource = textAt(value, 'apiVersion')?.startsWith(sourceMark) && kinds.includes(kind)
  if (!isSource || name === undefined) return []
  return [
    {
      kind,
      name,
      namespace: textAt(value, 'metadata', 'namespace'),
      url: known(textAt(value, 'spec', 'url')),
      ref: valueAt(value, 'spec', 'ref'),
      ignore: textAt(value, 'spec', 'ignore'),
      isFirst: isOfBootstrap || name === bootstrapName,
    },
  ]
}

/** The name that `flux bootstrap` gives to the source of a cluster. */
const bootstrapName = 'flux-system'

/** A URL with a variable in it may be any. */
function known(url: string | undefined): string | undefined {
  return url === undefined || url.includes('${') ? undefined : plainUrl(url)
}

/**
 * What may be left out of the artifacts of the source of a Flux Kustomization: the `spec.ignore` of each that it can be, for
 * clusters have sources of the same name.
 * @returns `undefined` for one without; just that where none is known
 */
export function ignoresOf(value: Mapping, { declared }: Sources): (string | undefined)[] {
  return ignoresAmong(declared.filter((source) => isSourceOf(source, value)))
}

/** As `ignoresOf`, for each source that is this repository. */
export function ignoresHere(sources: Sources): (string | undefined)[] {
  const ours = urlsHere(sources)
  return ignoresAmong(
    sources.declared.filter(({ url }) => ours.size === 0 || (url !== undefined && ours.has(url))),
  )
}

function ignoresAmong(sources: readonly DeclaredSource[]): (string | undefined)[] {
  return sources.length > 0 ? [...new Set(sources.map(({ ignore }) => ignore))] : [undefined]
}

/**
 * Finds out which Flux Kustomizations build this repository. What the files say of the URL of a source decides: it is that of a
 * remote, or where none is, that of the source that a cluster begins with. Where they say nothing of it, the paths decide: a
 * source counts as this repository where one of the paths that are built from it is here. The root is in every repository, so
 * a source of which only the root is built counts only where it is the single one, or has the name that bootstrap gives.
 * @param values the objects as they are in the cluster
 * @returns whether one of them does
 */
export function sourcesHere(
  values: readonly Mapping[],
  tree: FileTree,
  sources: Sources,
): (value: Mapping) => boolean {
  const { declared } = sources
  const ours = urlsHere(sources)
  const byPath = sourcesByPath(values, tree)
  return (value) => {
    const urls = declared.filter((source) => isSourceOf(source, value)).flatMap(({ url }) => url ?? [])
    return ours.size > 0 && urls.length > 0 ? urls.some((url) => ours.has(url)) : byPath(value)
  }
}

function urlsHere({ declared, remotes }: Sources): Set<string> {
  const urls = new Map([...remotes].map(([name, url]) => [plainUrl(url), name]))
  const ofRemotes = declared.filter(({ url }) => url !== undefined && urls.has(url))
  const first = declared.filter(({ isFirst }) => isFirst)
  // others than `origin` may be of anybody, and it may have a name of ssh that nobody else knows
  const isSure = ofRemotes.some(({ url }) => urls.get(`${url}`) === 'origin' || urls.size === 1)
  // what a registry or a bucket holds is made of this repository, which no remote tells
  const others = isSure ? first.filter(({ kind }) => kind !== 'GitRepository') : first
  return new Set([...ofRemotes, ...others].flatMap(({ url }) => url ?? []))
}

/** Where no namespace, or no kind, is written it is that of any. */
function isSourceOf(source: DeclaredSource, value: Mapping): boolean {
  const reference = valueAt(value, 'spec', 'sourceRef')
  const namespace = textAt(reference, 'namespace') ?? textAt(value, 'metadata', 'namespace')
  return (
    source.name === textAt(reference, 'name') &&
    source.kind === (textAt(reference, 'kind') ?? source.kind) &&
    (source.namespace ?? namespace) === (namespace ?? source.namespace)
  )
}

function sourcesByPath(values: readonly Mapping[], tree: FileTree): (value: Mapping) => boolean {
  const nameOf = (value: Mapping) => textAt(value, 'spec', 'sourceRef', 'name')
  const sources = new Map<string, { hasPaths: boolean; isHere: boolean }>()
  for (const value of values) {
    const name = nameOf(value)
    if (name === undefined) continue
    const found = sources.get(name) ?? { hasPaths: false, isHere: false }
    sources.set(name, found)
    const directory = directoryAt(pathOf(value))
    if (directory === '.') continue
    found.hasPaths = true
    found.isHere ||= directory !== undefined && tree.directories.has(directory)
  }
  return (value) => {
    const name = nameOf(value)
    const found = name === undefined ? undefined : sources.get(name)
    if (!found) return true
    return found.hasPaths ? found.isHere : sources.size === 1 || name === bootstrapName
  }
}

/** `spec.path` of a Flux Kustomization as it is written: none is the root. */
export function pathOf(value: Mapping): string {
  return textAt(value, 'spec', 'path') ?? '.'
}
