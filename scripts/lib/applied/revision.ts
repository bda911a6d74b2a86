import { basename } from 'node:path'
import type { GitRepository } from '../cluster/flux-objects.ts'
import type { Repository } from '../git/git.ts'
import { entriesOfCommit, readBlobs, readManyBlobs, searchCommit } from '../git/git-objects.ts'
import { isKustomizationFile, parseKustomizationFile } from '../kustomize/kustomization-file.ts'
import { type Builder, makeBuilder } from '../repository/builds.ts'
import { type FileTree, makeFileTree } from '../repository/file-tree.ts'
import { type LeftOut, readSourceIgnore, sourceIgnoreFile } from '../repository/sources/source-ignore.ts'
import { ciphertextMarks } from '../sops/format.ts'

/** The files of a commit, as far as it matters what Flux builds and decrypts of them. */
export interface Revision {
  repository: Repository
  commit: string
  /** The regular files of the commit, each with its blob; those that its source leaves out are among them. */
  blobs: ReadonlyMap<string, string>
  /** Its symbolic links, which no artifact has. */
  links: ReadonlySet<string>
  /** Why the artifact of the source does not have a file; `undefined` where it has it. */
  leftOut(file: string): LeftOut | 'sparse-checkout' | undefined
  tree: FileTree
  builder: Builder
  /** What is in its files of YAML and JSON, by their paths, but for those above 1 MiB. Read once. */
  manifests(): Promise<ReadonlyMap<string, string>>
  /** The text of a file with ciphertext, of a kustomization file or of a patch; empty for every other one. */
  textOf(file: string): string
}

/**
 * Reads what a source leaves out of its artifact.
 * @param ignores the text of each `.sourceignore`, by its path relative to the root
 * @returns tells why a file is not there; `undefined` where it is
 */
function readArtifactRules(
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
  const [{ files, links }, encrypted] = await Promise.all([
    entriesOfCommit(repository, commit),
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
  let reading: Promise<ReadonlyMap<string, string>> | undefined
  const manifests = () => (reading ??= readManifests(repository, files))
  return {
    repository,
    commit,
    blobs: files,
    links,
    leftOut,
    tree,
    builder: makeBuilder(tree),
    manifests,
    textOf,
  }
}

async function readManifests(
  repository: Repository,
  files: ReadonlyMap<string, string>,
): Promise<Map<string, string>> {
  const wanted = [...files].filter(([file]) => /\.(?:ya?ml|json)$/.test(file))
  const texts = new Map<string, string>()
  await readManyBlobs(repository, [...new Set(wanted.map(([, blob]) => blob))], async (text, blob) => {
    texts.set(blob, text)
  })
  return new Map(
    wanted.flatMap(([file, blob]) => {
      const text = texts.get(blob)
      return text === undefined ? [] : [[file, text] as const]
    }),
  )
}

/** Reads files of a revision, by one process. @returns what is in each that is there */
export async function readFiles(
  { repository, blobs }: Revision,
  files: readonly string[],
): Promise<Map<string, string>> {
  const there = files.flatMap((file) => {
    const blob = blobs.get(file)
    return blob === undefined ? [] : [[file, blob] as const]
  })
  const texts = await readBlobs(
    repository,
    there.map(([, blob]) => blob),
  )
  return new Map(there.map(([file, blob]) => [file, texts.get(blob) ?? '']))
}
