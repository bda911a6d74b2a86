import { onlyFiles, type Repository } from '../git.ts'
import {
  isKustomizationFile,
  type KustomizationFile,
  parseKustomizationFile,
  readKustomizationFiles,
} from '../kustomize/kustomization-file.ts'
import { ciphertextMarks } from '../sops/format.ts'
import { makeBuilder } from './builds.ts'
import { directoryAt, makeFileTree, topsOf } from './file-tree.ts'
import type { FluxFile, FluxKustomization } from './flux-file.ts'
import { markPatches, readFluxFiles } from './flux-files.ts'
import { type FluxInstallation, findInstallations, installationMarks } from './flux-instances.ts'
import { type FluxNode, renderFluxTree } from './flux-tree.ts'
import { type Clusters, findClusters } from './overlaps.ts'
import { makeReader } from './reader.ts'

/** What Flux would make of a repository, as far as its files tell. */
export interface FluxRepository {
  /** The files that declare Flux Kustomizations, sorted by path. */
  files: FluxFile[]
  /** All that are no patches. */
  nodes: ReadonlyMap<FluxKustomization, FluxNode>
  /** All kustomization files, also where a directory has several. */
  kustomizations: KustomizationFile[]
  /** All files that git does not ignore. */
  listed: string[]
  /** Which of them are applied to the same cluster. */
  clusters: Clusters
  /** The FluxInstances whose path holds files that Flux decrypts, and which let nothing be decrypted. */
  instancesThatNeedIt: FluxInstallation[]
}

/**
 * Reads a repository once: the files with Flux Kustomizations and the kustomization files are parsed, no others.
 * @param names what git lists in it
 * @param status is told what is being done
 * @throws UserError for an unreadable file
 */
export async function readFluxRepository(
  repository: Repository,
  names: readonly string[],
  status: (text: string | undefined) => void = () => {},
): Promise<FluxRepository> {
  status(`reading ${names.length} files`)
  try {
    const { files, kustomizations, listed, encryptedText, installations } = await readAll(repository, names)
    markPatches(files, kustomizations)
    const tree = makeFileTree(listed, files, kustomizations, encryptedText)
    const builder = makeBuilder(tree)
    const found = renderFluxTree(tree, builder, topsOf(kustomizations))
    const nodes = new Map(found.map((node) => [node.source, node]))
    const instancesThatNeedIt = installations.filter(({ instance }) => {
      const directory = instance && !instance.decrypts ? directoryAt(instance.path) : undefined
      return directory !== undefined && builder.flux(directory).encrypted.size > 0
    })
    const clusters = findClusters(nodes, installations)
    return { files, nodes, kustomizations, listed, clusters, instancesThatNeedIt }
  } finally {
    status(undefined)
  }
}

async function readAll(repository: Repository, names: readonly string[]) {
  const { root } = repository
  const read = new Set<string>()
  const encrypted = new Map<string, string>()
  const installing = new Map<string, string>()
  const kustomizations: KustomizationFile[] = []
  const files = await readFluxFiles(repository, names, {
    seen(file, bytes) {
      read.add(file)
      if (ciphertextMarks.some((mark) => bytes.includes(mark))) encrypted.set(file, bytes.toString())
      if (installationMarks.some((mark) => bytes.includes(mark))) installing.set(file, bytes.toString())
      if (isKustomizationFile(file)) kustomizations.push(parseKustomizationFile(root, file, bytes.toString()))
    },
  })
  const others = new Set(
    onlyFiles(
      repository,
      names.filter((file) => !read.has(file)),
    ),
  )
  // one without a suffix
  kustomizations.push(...readKustomizationFiles(root, [...others].filter(isKustomizationFile)))
  const readOther = makeReader(root)
  return {
    files,
    kustomizations,
    listed: names.filter((file) => read.has(file) || others.has(file)),
    encryptedText: (file: string) =>
      encrypted.get(file) ?? (others.has(file) ? `${readOther(file) ?? ''}` : ''),
    installations: findInstallations(installing),
  }
}
