import type { Finding } from '../../../findings/finding.ts'
import type { KeyGroups } from '../../../lib/sops/recipients.ts'
import type { FileText } from '../rotation.ts'
import type { HeadPlace, Tip } from './followed-branch.ts'
import type { PastVersions } from './past.ts'

/** A file in one place that holds ciphertext of SOPS. */
export interface PlacedFile extends FileText {
  /** The key groups of each of its documents. */
  documents: KeyGroups[]
  /** It is no SOPS file itself: one is a value in it, as base64. */
  isEmbedded: boolean
}

/** What one place has: the working tree, or a commit. */
export interface RotationPlace {
  /** `undefined`: the working tree. */
  commit: string | undefined
  /** The SOPS files, by their names. */
  files: ReadonlyMap<string, PlacedFile>
  /** What is in each file with creation rules, by its name. */
  rules: ReadonlyMap<string, string>
}

/** The names of the places in the repository. */
export const placeNames = ['workingTree', 'head', 'branch'] as const

/** The name of a place. */
export type PlaceName = (typeof placeNames)[number]

/** What stands where in the repository. All names are relative to its root. */
export interface Places extends Readonly<Record<PlaceName, RotationPlace | undefined>> {
  workingTree: RotationPlace
  /** `undefined` where nothing was committed. */
  head: RotationPlace | undefined
  /** The tip of the branch that Flux follows; the same object as `head` where that is its commit. `undefined`: it is not known. */
  branch: RotationPlace | undefined
  /** The branch; `undefined` where it is not known which one. */
  tip: Tip | undefined
  /** Why it is not known whether Flux follows that branch, where it is only the upstream of HEAD. */
  assumed: Finding | undefined
  headIs: HeadPlace
  /** The files among these that differ from HEAD, deleted and new ones too. */
  dirty: readonly string[]
  /** Those of them that have the marks of an unfinished merge. */
  conflicted: readonly string[]
  /** What could not be looked at, so that nothing may be concluded from its absence. */
  unread: readonly Finding[]
  /** What HEAD and the branch were before, for the files of these places and all rules. Read when it is first asked for. */
  past(): Promise<PastVersions>
}

/** The places that could be read, each once. */
export function eachPlace(places: Places): RotationPlace[] {
  return [...new Set(placeNames.flatMap((name) => places[name] ?? []))]
}
