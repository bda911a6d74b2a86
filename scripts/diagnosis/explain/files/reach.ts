import { posix } from 'node:path'
import type { FindingPlace } from '../../../findings/finding.ts'
import { declares, type NamedObject } from '../../../lib/applied/declared-in.ts'
import type { Revision } from '../../../lib/applied/revision.ts'
import { builtDirectory, idOf, type Kustomization } from '../../../lib/cluster/flux-objects.ts'
import { entryPlace, namesPath } from '../../../lib/kustomize/entry-place.ts'
import { isKustomizationFile, type KustomizationFile } from '../../../lib/kustomize/kustomization-file.ts'

/** What a Kustomization builds of a revision, as far as it can be followed. */
export interface BuildReach {
  /** The directories that are built as such, each with its kustomization files: none, one, or (an error) several. */
  directories: ReadonlyMap<string, readonly string[]>
  /** The kustomization files that can be read. */
  kustomizations: readonly KustomizationFile[]
  /** The manifests, relative to the root. */
  manifests: readonly string[]
  /** Where a path is named: in a kustomization file, or in the Kustomization itself. */
  placeNaming(path: string): FindingPlace
}

/** Follows what a Kustomization builds, also where the build fails. */
export function reachOf(kustomization: Kustomization, { tree, textOf }: Revision): BuildReach {
  const directories = new Map<string, string[]>()
  const kustomizations: KustomizationFile[] = []
  const manifests = new Set<string>()
  const start = builtDirectory(kustomization)
  const components = (kustomization.spec.components ?? []).map((path) => posix.join(start, path))
  const waiting = [{ directory: start, isScanned: true }]
  waiting.push(...components.map((directory) => ({ directory, isScanned: false })))
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    const { directory, isScanned } = next
    const content = tree.directories.get(directory)
    if (!content || directories.has(directory)) continue
    const names = content.files.filter(isKustomizationFile)
    directories.set(directory, names)
    const file = tree.kustomizations.get(directory)
    if (file) kustomizations.push(file)
    const listed = file ? [...file.resources, ...file.components] : []
    for (const path of listed)
      if (tree.files.has(path)) manifests.add(path)
      else waiting.push({ directory: path, isScanned: false })
    if (names.length > 0 || !isScanned) continue
    // Flux takes all that is below
    for (const path of content.files.filter((one) => /\.ya?ml$/.test(one))) manifests.add(path)
    waiting.push(...content.directories.map((one) => ({ directory: one, isScanned: true })))
  }
  const placeNaming = (path: string): FindingPlace => {
    const by = kustomizations.find((one) => namesPath(one, path))
    return by
      ? { file: by.file, ...entryPlace(textOf(by.file), path) }
      : { object: `kustomization ${idOf(kustomization)}` }
  }
  return { directories, kustomizations, manifests: [...manifests], placeNaming }
}

/**
 * Finds the files of a build that declare an object by the name that it has in the cluster: manifests first, then patches.
 * @returns what is in each
 */
export async function declaredBy(
  kustomization: Kustomization,
  object: NamedObject,
  revision: Revision,
): Promise<Map<string, string>> {
  const { manifests, kustomizations } = reachOf(kustomization, revision)
  const patches = kustomizations.flatMap(({ patchFiles }) => patchFiles.map(({ path }) => path))
  const texts = await revision.manifests()
  return new Map(
    [...new Set([...manifests, ...patches])].flatMap((file) => {
      const text = texts.get(file) ?? ''
      return declares(text, object) ? [[file, text] as const] : []
    }),
  )
}
