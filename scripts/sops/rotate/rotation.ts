import type { Finding } from '../../findings/finding.ts'
import type { KeyGroups } from '../../lib/sops/recipients.ts'

/** The recipient that goes, and the one that takes its place. */
export interface Rotation {
  old: string
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
export function listedIn(documents: readonly KeyGroups[], { old, next }: Rotation): Listed {
  const groups = documents.flatMap((document) => document.groups.map(({ age }) => age))
  const withOld = groups.filter((age) => age.includes(old))
  if (withOld.some((age) => !age.includes(next))) return 'old-only'
  if (withOld.length > 0) return 'both'
  return groups.some((age) => age.includes(next)) ? 'new-only' : 'neither'
}
