import { posix } from 'node:path'
import type { KustomizationFile } from './kustomization-file.ts'

/** Whether a kustomization file names a path, as a resource, a component, a patch or a file of a generator. */
export function namesPath(
  { resources, components, generatorFiles, patchFiles }: KustomizationFile,
  path: string,
): boolean {
  return (
    resources.includes(path) ||
    components.includes(path) ||
    [...generatorFiles, ...patchFiles].some((one) => one.path === path)
  )
}

/**
 * Where a kustomization file names a path.
 * @param text of the kustomization file
 * @returns the first line outside of comments that has its last part; `undefined` where there is none
 */
export function entryPlace(text: string, path: string): { line: number; column: number } | undefined {
  const lines = text.split('\n')
  const name = posix.basename(path)
  const index = lines.findIndex((line) => !/^\s*#/.test(line) && line.includes(name))
  return index < 0 ? undefined : { line: index + 1, column: (lines[index]?.indexOf(name) ?? 0) + 1 }
}
