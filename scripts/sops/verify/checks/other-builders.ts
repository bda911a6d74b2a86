import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { builtDirectory, type Kustomization } from '../../../lib/cluster/flux-objects.ts'
import { isKustomizationFile, readKustomizationFiles } from '../../../lib/kustomize/kustomization-file.ts'
import { pathBelow } from '../../../lib/paths.ts'
import { additionsOf } from '../../../lib/repository/additions.ts'
import { makeBuilder } from '../../../lib/repository/builds.ts'
import { type FileTree, makeFileTree } from '../../../lib/repository/file-tree.ts'
import { howTakenIn, type TakesIn } from '../../../lib/repository/takes-in.ts'
import type { Mapping } from '../../../lib/yaml/values.ts'
import { directoryOf, type Place } from '../../test-secret/place.ts'
import type { Target } from './target.ts'

/** A Kustomization that may build the test Secret as well. */
export interface OtherBuilder {
  kustomization: Kustomization
  takesIn: TakesIn
  /** Its path, relative to the root. */
  directory: string
}

/**
 * Finds the Kustomizations besides the one that is verified which build the test Secret too.
 * @param place of the test Secret, whose files are there
 */
export function findOtherBuilders({ neighbours }: Target, place: Place): OtherBuilder[] {
  if (neighbours.length === 0) return []
  const own = `${pathBelow(place.root, directoryOf(place))}/`
  const tree = readTree(place.root, own)
  const builder = makeBuilder(tree)
  const ownPath = pathBelow(place.root, place.path)
  return neighbours.flatMap((kustomization) => {
    const directory = builtDirectory(kustomization)
    if (!tree.directories.has(directory)) return []
    const additions = additionsOf(kustomization as unknown as Mapping, '')
    const { encrypted, hidden } = builder.flux(directory, additions)
    if ([...encrypted].some((file) => file.startsWith(own)))
      return [{ kustomization, directory, takesIn: howTakenIn(directory, ownPath, tree) }]
    if (hidden.some(({ reach }) => reach === 'files'))
      return [{ kustomization, directory, takesIn: 'not-followed' as const }]
    return []
  })
}

/** The files of a worktree. @param own the directory of the test Secret: no other ciphertext matters */
function readTree(root: string, own: string): FileTree {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true })
  const names = entries.flatMap((entry) => {
    const name = entry.isFile() ? pathBelow(root, join(entry.parentPath, entry.name)) : undefined
    return name === undefined || name === '.git' ? [] : [name]
  })
  const kustomizations = readKustomizationFiles(root, names.filter(isKustomizationFile))
  const textOf = (file: string) => (file.startsWith(own) ? readFileSync(join(root, file), 'utf8') : '')
  return makeFileTree(names, [], kustomizations, textOf)
}
