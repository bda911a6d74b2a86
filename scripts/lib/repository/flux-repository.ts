import { posix } from 'node:path'
import { onlyFiles, type Repository } from '../git/git.ts'
import { remotesOf } from '../git/git-objects.ts'
import {
  filesBelow,
  isKustomizationFile,
  type KustomizationFile,
  parseKustomizationFile,
  readKustomizationFiles,
} from '../kustomize/kustomization-file.ts'
import { ciphertextMarks, holdsObject } from '../sops/format.ts'
import { type Mapping, textAt } from '../yaml/values.ts'
import { type Builder, makeBuilder } from './builds.ts'
import { type FileBuilders, findFileBuilders } from './file-builders.ts'
import { type FileTree, makeFileTree, topsOf } from './file-tree.ts'
import type { FluxFile, FluxKustomization } from './flux-file.ts'
import { markPatches, readFluxFiles } from './flux-files.ts'
import { type FluxInstallation, findInstallations, installationMarks, rootOf } from './flux-instances.ts'
import { type FluxNode, renderFluxTree } from './flux-tree.ts'
import { findNotApplied, type NotApplied } from './not-applied.ts'
import { type Clusters, findClusters } from './overlaps.ts'
import { makeReader } from './reader.ts'
import {
  directoriesOf,
  findResourceSets,
  hasManySources,
  type MadeKustomization,
  resourceSetMark,
} from './resource-sets.ts'
import { findSources, ignoresHere, ignoresOf, sourceMark, sourcesHere } from './sources/flux-sources.ts'
import { type LeftOut, readSourceIgnore, sourceIgnoreFile } from './sources/source-ignore.ts'

/** What Flux would make of a repository, as far as its files tell. */
export interface FluxRepository extends FileBuilders {
  /** The files that declare Flux Kustomizations, sorted by path. */
  files: FluxFile[]
  /** All that are no patches. */
  nodes: ReadonlyMap<FluxKustomization, FluxNode>
  /** Those of them that nothing applies, and why. */
  notApplied: ReadonlyMap<FluxKustomization, NotApplied>
  /** Why no artifact of this repository has a file. */
  leftOut(file: string): LeftOut | undefined
  /** All kustomization files, also where a directory has several. */
  kustomizations: KustomizationFile[]
  /** All files that git does not ignore. */
  listed: string[]
  /** Which of them are applied to the same cluster. */
  clusters: Clusters
  /** What configures the Flux controllers of the clusters. */
  installations: FluxInstallation[]
  /** The FluxInstances whose path holds files that Flux decrypts, and which let nothing be decrypted. */
  instancesThatNeedIt: FluxInstallation[]
  /** Those that ResourceSets make without a decryption block, of a path that holds files which Flux decrypts. */
  madeThatNeedIt: MadeKustomization[]
  /** Whether there is a FluxInstance, or a ResourceSet that makes Kustomizations. */
  hasOperator: boolean
  /** The files in git that hold the Secret of this name encrypted, as an object that Flux applies. */
  secretIn(name: string): string[]
}

/**
 * Reads a repository once: the files with Flux Kustomizations and the kustomization files are parsed, no others.
 * @param names what git lists in it
 * @param status is told what is being done
 * @param seen gets each YAML and JSON file, its bytes only for as long as it runs, and says whether `buildersOf` is to know it;
 *   files with ciphertext, and those of generators and patches, it always knows
 * @throws UserError for an unreadable file
 */
export async function readFluxRepository(
  repository: Repository,
  names: readonly string[],
  status: (text: string | undefined) => void = () => {},
  seen: (file: string, bytes: Buffer) => boolean = () => false,
): Promise<FluxRepository> {
  status(`reading ${names.length} files`)
  try {
    const read = await readAll(repository, names, seen)
    const { files, kustomizations, listed, encryptedText, isOfInterest, installations } = read
    markPatches(files, kustomizations)
    const tree = makeFileTree(listed, files, kustomizations, encryptedText, isOfInterest)
    const remotes = read.sources.length > 0 ? await remotesOf(repository) : new Map<string, string>()
    const sources = { declared: read.sources, remotes }
    const artifacts = makeArtifacts(tree, read.ignores)
    const byHand = makeBuilder(tree)
    const builders = {
      byHand,
      fromSource: (value: Mapping) => artifacts(ignoresOf(value, sources)).builder,
    }
    const tops = topsOf(kustomizations)
    const { leftOut } = artifacts(ignoresHere(sources))
    const roots = new Map(installations.map((one) => [one, rootOf(one)]))
    const made = new Set([...roots.values()].filter((root) => root !== undefined))
    const render = (idle: ReadonlyMap<FluxKustomization, NotApplied>) =>
      renderFluxTree(tree, builders, { tops, sources, roots: [...made], idle })
    let found = render(new Map())
    const isDeclared = ({ source }: FluxNode) => !made.has(source)
    const notApplied = findNotApplied(found.filter(isDeclared), { tree, byHand, tops, leftOut })
    const isParent = ({ rendered }: FluxNode) =>
      rendered.some(({ parent }) => parent && notApplied.has(parent))
    if (found.some(isParent)) found = render(notApplied)
    const nodes = new Map(found.filter(isDeclared).map((node) => [node.source, node]))
    const applied = new Map([...nodes].filter(([source]) => !notApplied.has(source)))
    const needIt = new Set(found.filter(({ encrypted }) => encrypted.size > 0).map(({ source }) => source))
    const instancesThatNeedIt = installations.filter((one) => {
      const root = roots.get(one)
      return root && !one.instance?.decrypts && needIt.has(root)
    })
    const values = found.flatMap(({ rendered }) => rendered.map(({ value }) => value))
    const isHere = sourcesHere(values, tree, sources)
    const madeHere = read.made
      .filter((one) => !hasManySources(one) && isHere(one.value))
      .map((one) => {
        const { flux } = builders.fromSource(one.value)
        const builds = directoriesOf(one, tree.directories.keys()).map((directory) => flux(directory))
        return { made: one, builds, uses: builds.flatMap(({ uses }) => uses) }
      })
    const madeThatNeedIt = madeHere
      .filter(({ made: one, builds }) => !one.decrypts && builds.some(({ encrypted }) => encrypted.size > 0))
      .map((one) => one.made)
    const fileBuilders = findFileBuilders(
      found.filter(({ source }) => !notApplied.has(source)),
      madeHere,
    )
    const clusters = findClusters(applied, installations)
    const hasOperator = read.made.length > 0 || installations.some(({ instance }) => instance)
    const { secretIn } = read
    const asked = { instancesThatNeedIt, madeThatNeedIt, hasOperator, secretIn }
    const known = { files, nodes, notApplied, leftOut, kustomizations, listed, clusters, installations }
    return { ...known, ...asked, ...fileBuilders }
  } finally {
    status(undefined)
  }
}

/** What Flux Kustomizations call their sources. */
function sourceNames(files: readonly FluxFile[], made: readonly MadeKustomization[]): Set<string> {
  const names = files.flatMap(({ kustomizations }) => kustomizations.map(({ sourceRef }) => sourceRef.name))
  const ofMade = made.map(({ value }) => textAt(value, 'spec', 'sourceRef', 'name'))
  return new Set([...names, ...ofMade].filter((name) => name !== undefined))
}

/** What is in the artifacts of a source. */
interface Artifacts {
  builder: Builder
  /** Why none of them has a file. */
  leftOut(file: string): LeftOut | undefined
}

/** @returns what is known of the artifacts of a source that may have each of these `spec.ignore`, worked out once for each */
function makeArtifacts(
  tree: FileTree,
  texts: ReadonlyMap<string, string>,
): (ignores: readonly (string | undefined)[]) => Artifacts {
  const made = new Map<string, Artifacts>()
  return (ignores) => {
    const key = JSON.stringify(ignores)
    const known = made.get(key)
    if (known) return known
    const rules = ignores.map((ignore) => readSourceIgnore(texts, ignore))
    const leftOut = (file: string) => {
      const why = rules.map((rule) => rule(file))
      return why.includes(undefined) ? undefined : why[0]
    }
    const artifacts = { builder: makeBuilder(tree, (file) => leftOut(file) !== undefined), leftOut }
    made.set(key, artifacts)
    return artifacts
  }
}

async function readAll(
  repository: Repository,
  names: readonly string[],
  seen: (file: string, bytes: Buffer) => boolean,
) {
  const { root } = repository
  const read = new Set<string>()
  const encrypted = new Map<string, string>()
  const ofInterest = new Set<string>()
  const installing = new Map<string, string>()
  const declaring = new Map<string, string>()
  const making = new Map<string, string>()
  const kustomizations: KustomizationFile[] = []
  const files = await readFluxFiles(repository, names, {
    seen(file, bytes) {
      if (seen(file, bytes)) ofInterest.add(file)
      read.add(file)
      if (ciphertextMarks.some((mark) => bytes.includes(mark))) encrypted.set(file, bytes.toString())
      if (installationMarks.some((mark) => bytes.includes(mark))) installing.set(file, bytes.toString())
      if (bytes.includes(resourceSetMark)) making.set(file, bytes.toString())
      if (bytes.includes(sourceMark)) declaring.set(file, bytes.toString())
      if (isKustomizationFile(file))
        kustomizations.push(parseKustomizationFile(filesBelow(root), file, bytes.toString()))
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
  const installations = findInstallations(installing)
  const made = findResourceSets(making)
  const ignoreFiles = [...others].filter((file) => posix.basename(file) === sourceIgnoreFile)
  return {
    files,
    kustomizations,
    listed: names.filter((file) => read.has(file) || others.has(file)),
    encryptedText: (file: string) =>
      encrypted.get(file) ?? (others.has(file) ? `${readOther(file) ?? ''}` : ''),
    // one with another name is looked at by whoever asks
    isOfInterest: (file: string) => ofInterest.has(file) || encrypted.has(file) || others.has(file),
    installations,
    sources: findSources(declaring, installations, sourceNames(files, made)),
    made,
    secretIn: (name: string) =>
      [...encrypted].filter(([, text]) => holdsObject(text, 'Secret', name)).map(([file]) => file),
    ignores: new Map(ignoreFiles.map((file) => [file, `${readOther(file) ?? ''}`])),
  }
}
