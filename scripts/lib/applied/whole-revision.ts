import { builtDirectory, type Kustomization } from '../cluster/flux-objects.ts'
import { additionsOf } from '../repository/additions.ts'
import { type Build, makeBuilder, nothing } from '../repository/builds.ts'
import { type FileTree, makeFileTree } from '../repository/file-tree.ts'
import { parseFluxFile } from '../repository/flux-file.ts'
import { markPatches } from '../repository/flux-files.ts'
import type { LeftOut } from '../repository/sources/source-ignore.ts'
import { nodeAt, parseDocuments, type YamlDocument } from '../yaml/documents.ts'
import { type Mapping, textAt } from '../yaml/values.ts'
import type { NamedObject } from './declared-in.ts'
import type { Revision } from './revision.ts'

/** An object as a file declares it. */
export interface DeclaredObject {
  /** Relative to the root of the repository. */
  file: string
  /** Where its document begins, or what was asked for in it, from 1. */
  line: number
  value: unknown
}

/** What an object is told by. */
export interface ObjectName extends NamedObject {
  /** Any where `undefined`; a file that names none may get it from a kustomization. */
  namespace?: string | undefined
}

/** All manifests of a commit, and what Kustomizations of a cluster build of them. */
export interface WholeRevision {
  commit: string
  /** Of what the source has of it. */
  tree: FileTree
  /** All directories of the commit, also of what the source leaves out. */
  directories: ReadonlySet<string>
  /** Why a file, or all that is below a directory, is not in the artifact; `undefined` where something of it is. */
  leftOut(path: string): LeftOut | 'sparse-checkout' | undefined
  /** Empty for one that is no manifest. */
  textOf(file: string): string
  /** The files that declare an object. @param path of a field in it whose line is wanted */
  declaring(object: ObjectName, path?: readonly string[]): DeclaredObject[]
  /** What a Kustomization builds, as the cluster has it. */
  built(kustomization: Kustomization): Build
}

/** Reads all manifests of a revision. */
export async function readWholeRevision(revision: Revision): Promise<WholeRevision> {
  const { commit, blobs, leftOut } = revision
  const texts = await revision.manifests()
  const textOf = (file: string) => texts.get(file) ?? revision.textOf(file)
  const all = [...blobs.keys()]
  const names = all.filter((file) => !leftOut(file))
  const kustomizations = [...revision.tree.kustomizations.values()]
  const flux = names.flatMap((file) => parseFluxFile(file, Buffer.from(textOf(file))) ?? [])
  markPatches(flux, kustomizations)
  const patches = new Set(kustomizations.flatMap(({ patchFiles }) => patchFiles.map(({ path }) => path)))
  const tree = makeFileTree(names, flux, kustomizations, textOf, () => true)
  const builder = makeBuilder(tree)
  const builds = new Map<string, Build>()
  return {
    commit,
    tree,
    directories: new Set(makeFileTree(all, [], [], textOf).directories.keys()),
    leftOut(path) {
      const below = all.filter((file) => file === path || file.startsWith(`${path}/`))
      const why = below.map(leftOut)
      return why.includes(undefined) ? undefined : why[0]
    },
    textOf,
    // a patch names an object, and declares none
    declaring: makeDeclaring(
      all.filter((file) => !patches.has(file)),
      textOf,
    ),
    built(kustomization) {
      const directory = builtDirectory(kustomization)
      if (!tree.directories.has(directory)) return nothing
      const { spec: own } = kustomization
      const key = JSON.stringify([
        directory,
        own.components,
        own.patches,
        own.targetNamespace,
        own.namePrefix,
        own.nameSuffix,
      ])
      const build =
        builds.get(key) ?? builder.flux(directory, additionsOf(kustomization as unknown as Mapping, ''))
      builds.set(key, build)
      return build
    },
  }
}

function makeDeclaring(
  files: readonly string[],
  textOf: (file: string) => string,
): WholeRevision['declaring'] {
  const parsed = new Map<string, YamlDocument[]>()
  const documentsOf = (file: string) => {
    const documents = parsed.get(file) ?? parseDocuments(textOf(file))
    parsed.set(file, documents)
    return documents
  }
  const manifests = files.filter((file) => /\.(ya?ml|json)$/.test(file))
  return ({ kind, name, namespace }, path = []) =>
    manifests
      .filter((file) => textOf(file).includes(name) && textOf(file).includes(kind))
      .flatMap((file) =>
        documentsOf(file)
          .filter(({ value }) => {
            const own = textAt(value, 'metadata', 'namespace')
            const isThere = namespace === undefined || own === undefined || own === namespace
            return isThere && textAt(value, 'kind') === kind && textAt(value, 'metadata', 'name') === name
          })
          .map(({ value, root }) => {
            const node = nodeAt(root, ...path) ?? root
            const before = textOf(file).slice(0, node?.range?.[0] ?? 0)
            return { file, line: before.split('\n').length, value }
          }),
      )
}
