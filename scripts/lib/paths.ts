import { isAbsolute, relative, sep } from 'node:path'

/** How a file or directory is called for people. Takes an absolute path. */
export type NameOf = (path: string) => string

/** Calls files by their path from where somebody stands. @param cwd absolute */
export function namesFrom(cwd: string): NameOf {
  return (path) => relative(cwd, path) || '.'
}

/**
 * Calls the paths in what a program has written by their names.
 * @param root only paths below it, absolute
 */
export function renamePaths(text: string, root: string, nameOf: NameOf): string {
  // a path starts and ends where a blank, a quote, a bracket or a punctuation mark does
  const part = '[^\\s\'"`:;,()/]'
  const below = new RegExp(`(?<!${part})${RegExp.escape(root)}(?:/${part}+)*(?!${part})`, 'g')
  return text.replace(below, nameOf)
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

/** A text as one word of a command line, as every POSIX shell reads it; zx has a quoting for bash only. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./][\w@%+=:,./-]*$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

/** The line of a `.gitignore` that means just this path (gitignore(5)). @param path relative to the directory of the `.gitignore` */
export function gitignoreLine(path: string): string {
  return `/${path.replace(/[\\*?[]/g, '\\$&').replace(/ (?= *$)/g, '\\ ')}`
}
