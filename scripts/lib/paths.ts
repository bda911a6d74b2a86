import { isAbsolute, relative, sep } from 'node:path'

/** How a file or directory is called for people. Takes an absolute path. */
export type NameOf = (path: string) => string

/** Calls files by their path from where somebody stands. @param cwd absolute */
export function namesFrom(cwd: string): NameOf {
  return (path) => relative(cwd, path) || '.'
}

/**
 * A path relative to a directory, with `/`; the directory itself is `.`. So JSON calls the files of a repository.
 * @param directory absolute, as is `path`
 * @returns `undefined` for what is not below it
 */
export function pathBelow(directory: string, path: string): string | undefined {
  const inside = relative(directory, path)
  if (inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) return undefined
  return inside.replaceAll(sep, '/') || '.'
}
