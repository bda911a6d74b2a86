import type { Finding } from '../../findings/finding.ts'
import type { KeyGroups } from '../../lib/sops/recipients.ts'

/** The recipient that goes, and the one that takes its place where one does. */
export interface Departure {
  old: string
  next: string | undefined
}

/** The recipient that goes, and the one that takes its place. */
export interface Rotation extends Departure {
  next: string
}

/** A file as it is in one place: in the working tree, or in a commit. */
export interface FileText {
  /** Relative to the root of the repository. */
  file: string
  text: string
}

/** What a stage makes of a file. */
export interface FileEdit {
  /** Relative to the root of the repository. */
  file: string
  before: string
  after: string
  /** The layout is that of sops: its output could not be put into the text as it was. */
  isRewritten?: boolean
}

/** How a file stands, by its recipients alone. */
export type Listed = 'old-only' | 'both' | 'new-only' | 'neither'

/** What stands in the way of a file. */
export type Trouble = 'unopenable' | 'mac-broken' | 'not-editable' | 'unreachable'

/** A file that a stage can do nothing with, and why. */
export interface FileTrouble {
  file: string
  status: Trouble
  finding: Finding
}

/** What a stage makes of files. */
export interface FileEdits {
  edits: FileEdit[]
  troubles: FileTrouble[]
}

/**
 * How a file stands in a rotation, by the recipients that it lists.
 * @returns `old-only` as soon as one of its groups has the old recipient without the new one
 */
export function listedIn(documents: readonly KeyGroups[], { old, next }: Departure): Listed {
  const groups = documents.flatMap((document) => document.groups.map(({ age }) => age))
  const withOld = groups.filter((age) => age.includes(old))
  if (withOld.some((age) => !isAmong(next, age))) return 'old-only'
  if (withOld.length > 0) return 'both'
  return groups.some((age) => isAmong(next, age)) ? 'new-only' : 'neither'
}

/** Whether there is a recipient, and it is one of these. */
export function isAmong(recipient: string | undefined, recipients: Iterable<string>): boolean {
  return recipient !== undefined && [...recipients].includes(recipient)
}
