import { basename } from 'node:path'
import type { GitRepository } from '../cluster/flux-objects.ts'
import type { Repository } from '../git.ts'
import { filesOfCommit, readBlobs, searchCommit } from '../git-objects.ts'
import { isKustomizationFile, parseKustomizationFile } from '../kustomize/kustomization-file.ts'
import { type Builder, makeBuilder } from '../repository/builds.ts'
import { type FileTree, makeFileTree } from '../repository/file-tree.ts'
import { type LeftOut, readSourceIgnore, sourceIgnoreFile } from '../repository/sources/source-ignore.ts'
import { ciphertextMarks } from '../sops/format.ts'

/** The files of a commit, as far as it matters what Flux builds and decrypts of them. */
export interface Revision {
  tree: FileTree
  builder: Builder
  /** The text of a file with ciphertext, of a kustomization file or of a patch; empty for every other one. */
  textOf(file: string): string
}

/**
 * Reads what a source leaves out of its artifact.
 * @param ignores the text of each `.sourceignore`, by its path relative to the root
 * @returns tells why a file is not there; `undefined` where it is
 */
export function readArtifactRules(
  ignores: ReadonlyMap<string, string>,
  { ignore, sparseCheckout = [] }: GitRepository['spec'],
): (file: string) => LeftOut | 'sparse-checkout' | undefined {
  const leftOut = readSourceIgnore(ignores, ignore)
  const starts = sparseCheckout.map((start) => start.replace(/^\.\//, ''))
  return (file) => {
    const isCheckedOut = starts.length === 0 || starts.some((start) => file.startsWith(start))
    return isCheckedOut ? leftOut(file) : 'sparse-checkout'
  }
}

/**
 * Reads what a source has of a commit from the object store, where it must be. Flux Kustomizations in it are not looked for:
 * what the cluster has of them counts.
 */
export async function readRevision(
  repository: Repository,
  commit: string,
  { spec }: GitRepository,
): Promise<Revision> {
  const [files, encrypted] = await Promise.all([
    filesOfCommit(repository, commit),
    searchCommit(repository, commit, ciphertextMarks),
  ])
  const isIgnoreFile = (file: string) => basename(file) === sourceIgnoreFile
  const all = [...files.keys()]
  const read = all.filter((file) => isKustomizationFile(file) || isIgnoreFile(file))
  const wanted = [...new Set([...read, ...encrypted])]
  const texts = await readBlobs(
    repository,
    wanted.flatMap((file) => files.get(file) ?? []),
  )
  const textOf = (file: string) => texts.get(files.get(file) ?? '') ?? ''
  const ignores = all.filter(isIgnoreFile).map((file) => [file, textOf(file)] as const)
  const leftOut = readArtifactRules(new Map(ignores), spec)
  const names = all.filter((file) => !leftOut(file))
  const kustomizations = names
    .filter(isKustomizationFile)
    .map((file) => parseKustomizationFile(textOf, file, textOf(file)))
  // their texts are asked for when objects are built
  const patches = kustomizations.flatMap(({ patchFiles }) => patchFiles.map(({ path }) => path))
  const missing = patches.flatMap((file) => files.get(file) ?? []).filter((blob) => !texts.has(blob))
  for (const [blob, text] of await readBlobs(repository, missing)) texts.set(blob, text)
  const marked = new Set(encrypted)
  const tree = makeFileTree(names, [], kustomizations, textOf, (file) => marked.has(file))
  return { tree, builder: makeBuilder(tree), textOf }
}
