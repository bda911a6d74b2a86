import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  isKustomizationFile,
  type KustomizationFile,
  readKustomizationFiles,
} from '../../../scripts/lib/kustomize/kustomization-file.ts'
import { makeBuilder } from '../../../scripts/lib/repository/builds.ts'
import { type FileTree, makeFileTree } from '../../../scripts/lib/repository/file-tree.ts'
import { parseFluxFile } from '../../../scripts/lib/repository/flux-file.ts'
import { markPatches } from '../../../scripts/lib/repository/flux-files.ts'
import type { Builders, TreeSurroundings } from '../../../scripts/lib/repository/flux-tree.ts'
import { withDirectory, writeFiles } from '../files.ts'

/** Files of a repository, and what is known of them. */
export interface TestTree {
  /** Where the files are. */
  root: string
  tree: FileTree
  kustomizations: readonly KustomizationFile[]
}

/** Runs `use` with the tree of these files, which are there. */
export async function withFileTree<T>(
  files: Readonly<Record<string, string>>,
  use: (tree: TestTree) => T | Promise<T>,
): Promise<T> {
  return withDirectory(async (root) => {
    writeFiles(root, files)
    const paths = Object.keys(files)
    const kustomizations = readKustomizationFiles(root, paths.filter(isKustomizationFile))
    const flux = paths.flatMap((path) => parseFluxFile(path, readFileSync(join(root, path))) ?? [])
    markPatches(flux, kustomizations)
    const tree = makeFileTree(paths, flux, kustomizations, (path) => files[path] ?? '')
    return use({ root, tree, kustomizations })
  })
}

/** What builds a tree where nothing is left out of an artifact. */
export function buildersOf(tree: FileTree, builder = makeBuilder(tree)): Builders {
  return { byHand: builder, fromSource: () => builder }
}

/** What is around a tree of which no source and no remote is known. */
export function surroundings(tops: readonly string[] = []): TreeSurroundings {
  return { tops, sources: { declared: [], remotes: new Map() }, roots: [], idle: new Map() }
}
