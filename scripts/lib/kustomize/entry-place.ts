import { posix } from 'node:path'

/**
 * Where a kustomization file names a file.
 * @param text of the kustomization file
 * @returns line and column from 1; `undefined` where it is not found
 */
export function entryPlace(text: string, file: string): { line: number; column: number } | undefined {
  const lines = text.split('\n')
  const name = posix.basename(file)
  const index = lines.findIndex((line) => !/^\s*#/.test(line) && line.includes(name))
  return index < 0 ? undefined : { line: index + 1, column: (lines[index]?.indexOf(name) ?? 0) + 1 }
}
