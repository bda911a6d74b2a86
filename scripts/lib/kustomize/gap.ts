import type { Reach } from './reach.ts'

/** Something that is not followed (unfollowed.ts). */
export interface Gap {
  /** The file that says it, relative to the root of the repository. */
  file: string
  /** The field that says it, with a word on it in parentheses; `undefined`: the file can't be read. */
  field: string | undefined
  /** Why the file can't be read, with the line. */
  problem?: string
  reach: Reach
}

/** @returns what a person reads: the file, and its field or why it can't be read */
export function describeGap({ file, field, problem }: Gap): string {
  if (field !== undefined) return `${file} uses ${field}`
  return `${file} can't be read${problem === undefined ? '' : ` (${problem})`}`
}
