import type { Caller } from '../../lib/caller.ts'

/** How the findings can be printed. */
export const outputFormats = ['text', 'json', 'sarif', 'github'] as const

/** How the findings are printed. */
export type OutputFormat = (typeof outputFormats)[number]

/** What the user wants of `sops:audit`. */
export interface AuditOptions {
  /** Files and directories as the user typed them, whose findings are wanted; none: the whole repository. */
  paths: readonly string[]
  /** What is about to be committed, read from the index, instead of the working tree. */
  staged: boolean
  /** As of the user; `-`: stdin. */
  keyFile: string | undefined
  /** Whether old commits are looked at as well. */
  history: boolean
  /** A file with the recipients that are allowed, as the user typed it. */
  recipients: string | undefined
  /** As the user typed it; one of `OutputFormat`. */
  format: string
  /** A file with the findings that are known, as the user typed it. */
  baseline: string | undefined
  /** Writes that file. */
  writeBaseline: boolean
  /** The codes that are wanted; none: all. */
  only: readonly string[]
  /** The codes that are not wanted. */
  skip: readonly string[]
  /** A code: it is explained, and nothing is looked at. */
  explain: string | undefined
  caller: Caller
}
