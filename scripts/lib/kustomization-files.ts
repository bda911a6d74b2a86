import { readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { listAt, parseDocuments, textAt } from './documents.ts'
import { kustomizationFileNames } from './kustomize.ts'

/** A kustomization file (of kustomize, not of Flux) and the local files that it names. Paths are relative to the root. */
export interface KustomizationFile {
  file: string
  /** The root itself is `.`. */
  directory: string
  /** Files and directories of `resources`, `bases` and `components`. */
  resources: string[]
  /** Files of `patches`, `patchesStrategicMerge` and `patchesJson6902`. */
  patches: string[]
}

/** Whether a path is that of a kustomization file. */
export function isKustomizationFile(path: string): boolean {
  return kustomizationFileNames.includes(posix.basename(path))
}

/**
 * Reads kustomization files; what can't be read is left out, for kustomize itself reports it.
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
    if (text === undefined || !wanted(text)) return []
    const directory = posix.dirname(file)
    const local = (path: unknown) =>
      typeof path === 'string' ? [posix.join(directory, path).replace(/\/$/, '')] : []
    return parseDocuments(text).map(({ value }) => ({
      file,
      directory,
      resources: ['resources', 'bases', 'components'].flatMap((key) => listAt(value, key).flatMap(local)),
      patches: [
        ...listAt(value, 'patchesStrategicMerge').flatMap(local),
        ...['patches', 'patchesJson6902'].flatMap((key) =>
          listAt(value, key).flatMap((patch) => local(textAt(patch, 'path'))),
        ),
      ],
    }))
  })
}

/** The directories whose kustomization takes in one of `files`, directly or through others; sorted. */
export function directoriesThatInclude(
  kustomizations: readonly KustomizationFile[],
  files: readonly string[],
): string[] {
  const parents = new Map<string, string[]>()
  for (const { directory, resources } of kustomizations) {
    for (const resource of resources) parents.set(resource, [...(parents.get(resource) ?? []), directory])
  }
  const included = new Set(files)
  for (const path of included) for (const parent of parents.get(path) ?? []) included.add(parent)
  for (const file of files) included.delete(file)
  return [...included].toSorted()
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
