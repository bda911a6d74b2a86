import { readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { parseDocuments } from '../yaml/documents.ts'
import { listAt, type Mapping, textAt, valueAt } from '../yaml/values.ts'
import { kustomizationFileNames } from './build.ts'
import { type Patch, patchesIn } from './patches.ts'
import { readPlainKustomization } from './plain-kustomization.ts'
import { type FileOf, hidingFields, type Unfollowed, unfollowedFields } from './unfollowed.ts'

/** The fields of a kustomization file that name patches. */
export type PatchField = 'patches' | 'patchesStrategicMerge' | 'patchesJson6902'

/** The fields of a kustomization file whose entries are files that become values; `env` is the old form of `envs`, with one file. */
export type GeneratorField = `${'secretGenerator' | 'configMapGenerator'}.${'files' | 'envs' | 'env'}`

/** A kustomization file (of kustomize, not of Flux) and what it says of local files. Paths are relative to the root. */
export interface KustomizationFile {
  file: string
  /** The root itself is `.`. */
  directory: string
  /** Files and directories of `resources` and `bases`. */
  resources: string[]
  components: string[]
  patchFiles: { path: string; field: PatchField }[]
  /** Files of generators, with what tells Flux their format: the name of the key, or of an env file. */
  generatorFiles: { path: string; field: GeneratorField; name: string }[]
  /** `namespace`, which all objects get. */
  namespace: string | undefined
  /** What comes before and behind the names of all objects. */
  namePrefix: string | undefined
  nameSuffix: string | undefined
  /** What all objects get. */
  labels: Mapping
  annotations: Mapping
  /** Those of `patchesStrategicMerge` and `patches`, in the order that kustomize applies them. */
  patches: Patch[]
  /** Those of `patchesJson6902`, which come after everything else. */
  jsonPatches: Patch[]
  /** Why our parser does not take it, with the line: all of this is empty then. */
  problem: string | undefined
  /** The fields that bring resources which are not here. */
  hidingFields: string[]
  /** What changes objects in a way that is not followed, but for the patches. */
  unfollowed: Unfollowed[]
}

/** Whether a path is that of a kustomization file. */
export function isKustomizationFile(path: string): boolean {
  return kustomizationFileNames.includes(posix.basename(path))
}

/**
 * Reads kustomization files; one that is not there is left out.
 * @param files paths relative to `root`, with `/`
 * @param wanted decides by the text whether a file is worth parsing
 */
export function readKustomizationFiles(
  root: string,
  files: readonly string[],
  wanted: (text: string) => boolean = () => true,
): KustomizationFile[] {
  return files.flatMap((file) => {
    const text = readText(join(root, file))
    return text === undefined || !wanted(text) ? [] : [parseKustomizationFile(filesBelow(root), file, text)]
  })
}

/** Reads a file that a kustomization names, relative to the root; `undefined` where it can't be read. */
export type ReadFile = (file: string) => string | undefined

/** The files of a working tree. */
export function filesBelow(root: string): ReadFile {
  return (file) => readText(join(root, file))
}

/**
 * @param readFile is called for what it names, only when that is asked for
 * @returns what the first document of a kustomization file says; kustomize reads no other
 */
export function parseKustomizationFile(readFile: ReadFile, file: string, text: string): KustomizationFile {
  const directory = posix.dirname(file)
  const local = (path: string) => posix.join(directory, path).replace(/\/$/, '')
  const paths = (list: unknown[]) => list.flatMap((path) => (typeof path === 'string' ? [local(path)] : []))
  const fileOf: FileOf = (path) => {
    const found = local(path)
    let text: string | undefined
    const read = () => (found.startsWith('..') ? '' : (readFile(found) ?? ''))
    // it is for many objects
    return { file: found, text: () => (text ??= read()) }
  }
  const plain = readPlainKustomization(text)
  const document = plain ? undefined : parseDocuments(text)[0]
  const value = plain ?? document?.value
  const list = (key: string) => listAt(value, key)
  const patchesOf = (field: string) => patchesIn(list(field), { field, file, fileOf })
  const patchPaths = (field: 'patches' | 'patchesJson6902') =>
    paths(list(field).map((patch) => textAt(patch, 'path'))).map((path) => ({ path, field }))
  const generatorFiles = (kind: 'secretGenerator' | 'configMapGenerator') =>
    list(kind).flatMap((generator) => {
      const files = listAt(generator, 'files').flatMap((entry) => keyAndPath(entry))
      const env = textAt(generator, 'env')
      return [
        ...files.map(([name, path]) => ({ path: local(path), field: `${kind}.files` as const, name })),
        ...paths(listAt(generator, 'envs')).map((path) => ofEnvironment(path, `${kind}.envs`)),
        ...(env === undefined ? [] : [ofEnvironment(local(env), `${kind}.env`)]),
      ]
    })
  return {
    file,
    directory,
    resources: paths([...list('resources'), ...list('bases')]),
    components: paths(list('components')),
    patchFiles: [
      ...paths(list('patchesStrategicMerge')).map((path) => ({
        path,
        field: 'patchesStrategicMerge' as const,
      })),
      ...patchPaths('patches'),
      ...patchPaths('patchesJson6902'),
    ],
    generatorFiles: [...generatorFiles('secretGenerator'), ...generatorFiles('configMapGenerator')],
    namespace: textAt(value, 'namespace'),
    namePrefix: textAt(value, 'namePrefix'),
    nameSuffix: textAt(value, 'nameSuffix'),
    labels: Object.assign(
      {},
      ...list('labels').map((entry) => valueAt(entry, 'pairs')),
      valueAt(value, 'commonLabels'),
    ),
    annotations: Object.assign({}, valueAt(value, 'commonAnnotations')),
    patches: [...patchesOf('patchesStrategicMerge'), ...patchesOf('patches')],
    jsonPatches: patchesOf('patchesJson6902'),
    problem: document?.problem,
    hidingFields: hidingFields(value),
    unfollowed: unfollowedFields(value, fileOf),
  }
}

/** The kustomization of a directory that has no file of it, before anything is added. */
export function emptyKustomization(directory: string): KustomizationFile {
  return parseKustomizationFile(() => undefined, posix.join(directory, 'kustomization.yaml'), '')
}

/** An entry of a generator is `path` or `key=path`. */
function keyAndPath(entry: unknown): [key: string, path: string][] {
  if (typeof entry !== 'string') return []
  const equals = entry.indexOf('=')
  const path = entry.slice(equals + 1)
  return [[equals < 0 ? posix.basename(path) : entry.slice(0, equals), path]]
}

function ofEnvironment(path: string, field: GeneratorField) {
  return { path, field, name: posix.basename(path) }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
