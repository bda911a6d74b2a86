import { readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { directoryAt, makeBuilder, type Tree } from './builds.ts'
import { ciphertextMarks, filesWith } from './encrypted-files.ts'
import { type Clusters, findClusters } from './flux-clusters.ts'
import { type FluxInstallation, findInstallations, installationMarks } from './flux-instances.ts'
import { type FluxNode, readFluxNodes } from './flux-tree.ts'
import { listFiles, type Repository } from './git.ts'
import {
  isKustomizationFile,
  type KustomizationFile,
  parseKustomizationFile,
  readKustomizationFiles,
} from './kustomization-files.ts'
import { type FluxFile, type FluxKustomization, markPatches, readFluxFiles } from './repository.ts'
import { isEncryptedManifest, isEncryptedSource } from './sops-marks.ts'

/** What Flux would make of a repository, as far as its files tell. */
export interface FluxRepository {
  /** The files that declare Flux Kustomizations, sorted by path. */
  files: FluxFile[]
  /** All that are no patches. */
  nodes: ReadonlyMap<FluxKustomization, FluxNode>
  kustomizations: KustomizationFile[]
  /** All files that git does not ignore. */
  listed: string[]
  clusters: Clusters
  /** The FluxInstances whose path holds files that Flux decrypts, and which let nothing be decrypted. */
  instancesThatNeedIt: FluxInstallation[]
}

/**
 * Reads a repository once: the files with Flux Kustomizations and the kustomization files are parsed, no others.
 * @param status is told what is being done
 * @throws UserError for an unreadable file
 */
export async function readFluxRepository(
  repository: Repository,
  status: (text: string | undefined) => void = () => {},
): Promise<FluxRepository> {
  const { root, env, signal } = repository
  const searching = filesWith({ root, env, ...(signal && { signal }) }, [
    ...ciphertextMarks,
    ...installationMarks,
  ])
  searching.catch(() => {})
  const listed = await listFiles(repository)
  status(`reading ${listed.length} files`)
  try {
    const texts = new Map<string, string>()
    const files = await readFluxFiles(repository, listed, {
      seen: (file, bytes) => isKustomizationFile(file) && texts.set(file, bytes.toString()),
    })
    const unread = listed.filter((file) => isKustomizationFile(file) && !texts.has(file))
    const kustomizations = [
      ...[...texts].flatMap(([file, text]) => parseKustomizationFile(root, file, text)),
      // one without a suffix
      ...readKustomizationFiles(root, unread),
    ]
    markPatches(files, kustomizations)
    const marked = await searching
    const tree = makeTree(root, listed, files, kustomizations, new Set(marked))
    const builder = makeBuilder(tree)
    const found = readFluxNodes(tree, builder, topsOf(kustomizations))
    const nodes = new Map(found.map((node) => [node.source, node]))
    const installations = findInstallations(root, marked)
    const instancesThatNeedIt = installations.filter(({ instance }) => {
      const directory = instance && !instance.decrypts ? directoryAt(instance.path) : undefined
      return directory !== undefined && builder.flux(directory).encrypted.size > 0
    })
    return {
      files,
      nodes,
      kustomizations,
      listed,
      clusters: findClusters(nodes, installations),
      instancesThatNeedIt,
    }
  } finally {
    status(undefined)
  }
}

function makeTree(
  root: string,
  listed: readonly string[],
  files: readonly FluxFile[],
  kustomizations: readonly KustomizationFile[],
  marked: ReadonlySet<string>,
): Tree {
  const text = (file: string) => (marked.has(file) ? readFileSync(join(root, file), 'utf8') : '')
  const once = new Map<string, boolean>()
  return {
    files: new Set(listed),
    directories: directoriesOf(listed),
    kustomizations: oneEach(kustomizations),
    flux: new Map(
      files.filter(({ patchOf }) => !patchOf).map(({ file, kustomizations: found }) => [file, found]),
    ),
    isEncryptedManifest(file) {
      const known = once.get(file) ?? isEncryptedManifest(text(file))
      once.set(file, known)
      return known
    },
    isEncryptedSource: (file, name, env) => isEncryptedSource(text(file), name, env),
  }
}

/** By directory; kustomize takes one file with one document. */
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

/** The directories that no other kustomization takes in. */
function topsOf(kustomizations: readonly KustomizationFile[]): string[] {
  const taken = new Set(kustomizations.flatMap(({ resources, components }) => [...resources, ...components]))
  return kustomizations.map(({ directory }) => directory).filter((directory) => !taken.has(directory))
}
