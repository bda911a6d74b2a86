import { posix } from 'node:path'
import type { KustomizationFile } from '../kustomize/kustomization-file.ts'
import { isEncryptedManifest, isEncryptedSource } from '../sops/format.ts'
import type { FluxFile, FluxKustomization } from './flux-file.ts'

/** What is known of the files of a repository. All paths are relative to its root; the root itself is `.`. */
export interface FileTree {
  /** Those that git does not ignore. */
  readonly files: ReadonlySet<string>
  /** The directories of these files and all above them, each with what is directly in it. */
  readonly directories: ReadonlyMap<string, { files: string[]; directories: string[] }>
  /** By directory, where there is just one: of several kustomize takes none. */
  readonly kustomizations: ReadonlyMap<string, KustomizationFile>
  /** By file; those that are patches are not among them. */
  readonly flux: ReadonlyMap<string, readonly FluxKustomization[]>
  /** Whether somebody wants to know who builds a file as a manifest. */
  isOfInterest(file: string): boolean
  /** Whether Flux decrypts a file that a kustomization lists as a resource. */
  isEncryptedManifest(file: string): boolean
  /** Whether Flux decrypts a file of a generator or a patch. */
  isEncryptedSource(file: string, name: string, env: boolean): boolean
}

/**
 * @param listed the files that git does not ignore
 * @param files those that declare Flux Kustomizations, with `patchOf` set
 * @param encryptedText what is in a file that has ciphertext in it; of others it may be empty
 * @param isOfInterest whether it is to be known who builds a file as a manifest, also where it is not encrypted
 */
export function makeFileTree(
  listed: readonly string[],
  files: readonly FluxFile[],
  kustomizations: readonly KustomizationFile[],
  encryptedText: (file: string) => string,
  isOfInterest: (file: string) => boolean = () => false,
): FileTree {
  const known = new Map<string, boolean>()
  return {
    files: new Set(listed),
    directories: directoriesOf(listed),
    kustomizations: oneEach(kustomizations),
    flux: new Map(
      files.filter(({ patchOf }) => !patchOf).map(({ file, kustomizations: found }) => [file, found]),
    ),
    isOfInterest,
    isEncryptedManifest(file) {
      const isEncrypted = known.get(file) ?? isEncryptedManifest(encryptedText(file))
      known.set(file, isEncrypted)
      return isEncrypted
    },
    isEncryptedSource: (file, name, env) => isEncryptedSource(encryptedText(file), name, env),
  }
}

function oneEach(kustomizations: readonly KustomizationFile[]): Map<string, KustomizationFile> {
  const found = Map.groupBy(kustomizations, ({ directory }) => directory)
  return new Map(
    [...found].flatMap(([directory, [file, ...more]]) =>
      file && more.length === 0 ? [[directory, file]] : [],
    ),
  )
}

function directoriesOf(files: readonly string[]) {
  const directories = new Map<string, { files: string[]; directories: string[] }>([
    ['.', { files: [], directories: [] }],
  ])
  const open = (directory: string) => {
    const known = directories.get(directory)
    if (known) return known
    const made = { files: [], directories: [] }
    directories.set(directory, made)
    open(posix.dirname(directory)).directories.push(directory)
    return made
  }
  for (const file of files) open(posix.dirname(file)).files.push(file)
  return directories
}

/** The directories that no other kustomization includes: people build them by hand, or a Flux Kustomization does. */
export function topsOf(kustomizations: readonly KustomizationFile[]): string[] {
  const included = new Set(
    kustomizations.flatMap(({ resources, components }) => [...resources, ...components]),
  )
  return kustomizations.map(({ directory }) => directory).filter((directory) => !included.has(directory))
}

/** The kustomization file in the directory of a file, or else in the nearest one above it. */
export function kustomizationAround(file: string, tree: FileTree): KustomizationFile | undefined {
  const directory = posix.dirname(file)
  const found = tree.kustomizations.get(directory)
  return found || directory === '.' ? found : kustomizationAround(directory, tree)
}

/** How a tree calls the path of a Flux Kustomization; `undefined` where it leads out of the repository. */
export function directoryAt(path: string): string | undefined {
  const directory = posix.join('.', path.replace(/^\/+/, '')).replace(/\/$/, '') || '.'
  return directory.startsWith('..') ? undefined : directory
}
