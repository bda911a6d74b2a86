import { type Mapping, textAt } from '../yaml/values.ts'
import { directoryAt, type FileTree } from './file-tree.ts'

/**
 * Finds out which Flux Kustomizations build this repository. Their source does not say so, for it is often made by
 * `flux bootstrap` or an operator: a source counts as this repository where one of the paths that are built from it is
 * here. The root is in every repository, so a source of which only the root is built counts only where it is the single
 * one, or has the name that bootstrap gives.
 * @param values the objects as they are in the cluster
 * @returns whether one of them does
 */
export function sourcesHere(values: readonly Mapping[], tree: FileTree): (value: Mapping) => boolean {
  const nameOf = (value: Mapping) => textAt(value, 'spec', 'sourceRef', 'name')
  const sources = new Map<string, { hasPaths: boolean; isHere: boolean }>()
  for (const value of values) {
    const name = nameOf(value)
    if (name === undefined) continue
    const found = sources.get(name) ?? { hasPaths: false, isHere: false }
    sources.set(name, found)
    const directory = directoryAt(pathOf(value))
    if (directory === '.') continue
    found.hasPaths = true
    found.isHere ||= directory !== undefined && tree.directories.has(directory)
  }
  return (value) => {
    const name = nameOf(value)
    const found = name === undefined ? undefined : sources.get(name)
    if (!found) return true
    return found.hasPaths ? found.isHere : sources.size === 1 || name === 'flux-system'
  }
}

/** `spec.path` of a Flux Kustomization as it is written: none is the root. */
export function pathOf(value: Mapping): string {
  return textAt(value, 'spec', 'path') ?? '.'
}
