import type { Finding } from '../../../findings/finding.ts'
import type { Repository } from '../../../lib/git/git.ts'
import type { Identity } from '../../../lib/sops/age.ts'
import { rekeyFiles } from '../files/rekey.ts'
import { shareFiles } from '../files/share.ts'
import { takeOutRecipient } from '../files/take-out.ts'
import type { FileEdit, FileText, FileTrouble, Rotation } from '../rotation.ts'
import { addRuleRecipient, takeRuleRecipient } from '../rules/edit-rules.ts'
import type { FileState, FileStatus } from '../state/file-states.ts'
import type { Places } from '../state/places.ts'

/** What a stage would write. */
export interface PlannedEdits {
  edits: FileEdit[]
  troubles: FileTrouble[]
  /** What is left to people: templates of rules, for example. */
  left: Finding[]
}

/** What edits are made of. */
export interface EditGrounds {
  repository: Repository
  places: Places
  states: readonly FileState[]
  /** That open the files. Secret. */
  identities: readonly Identity[]
}

/** The new recipient beside the old one, in all files and rules of the working tree that lack it. */
export async function planShare(
  { repository, places, states, identities }: EditGrounds,
  rotation: Rotation,
): Promise<PlannedEdits> {
  const files = await shareFiles(textsOf(places, states, ['old-only']), rotation, identities, repository)
  const rules = addRuleRecipient(rulesOf(places), rotation)
  return { edits: [...files.edits, ...rules.edits], troubles: files.troubles, left: rules.left }
}

/**
 * New data keys for all files of the working tree that the old recipient could open, and the old recipient out of files and rules.
 * @param takeOut the recipient that goes
 * @param rewrap a file whose other keys cannot be reached loses the recipient all the same, and keeps its data key
 */
export async function planCutOver(
  { repository, places, states, identities }: EditGrounds,
  takeOut: string,
  { rewrap, isLimited }: { rewrap: boolean; isLimited: boolean },
): Promise<PlannedEdits> {
  const texts = textsOf(places, states, ['both', 'old-only', 're-wrapped'])
  const files = await rekeyFiles(texts, { takeOut, identities, repository })
  const rules = takeRuleRecipient(isLimited ? [] : rulesOf(places), takeOut)
  const unreachable = new Set(
    files.troubles.flatMap(({ file, status }) => (status === 'unreachable' ? file : [])),
  )
  const again = texts.filter(({ file }) => rewrap && unreachable.has(file))
  const wrapped = await takeOutRecipient(again, takeOut)
  const troubles = files.troubles.filter(({ file }) => !rewrap || !unreachable.has(file))
  return {
    edits: [...files.edits, ...wrapped.edits, ...rules.edits],
    troubles: [...troubles, ...wrapped.troubles],
    left: rules.left,
  }
}

/** The new recipient out of files and rules again, before the old one has left one. */
export async function planUnshare(
  { places, states }: Pick<EditGrounds, 'places' | 'states'>,
  recipient: string,
): Promise<PlannedEdits> {
  const files = await takeOutRecipient(textsOf(places, states, ['both']), recipient)
  const rules = takeRuleRecipient(rulesOf(places), recipient)
  return { edits: [...files.edits, ...rules.edits], troubles: files.troubles, left: rules.left }
}

/** The files of the working tree that stand like this. */
function textsOf(
  { workingTree }: Places,
  states: readonly FileState[],
  wanted: readonly FileStatus[],
): FileText[] {
  return states
    .filter((state) => state.workingTree !== undefined && wanted.includes(state.workingTree))
    .flatMap(({ file }) => workingTree.files.get(file) ?? [])
}

/** The files with creation rules in the working tree. */
export function rulesOf({ workingTree }: Places): FileText[] {
  return [...workingTree.rules].map(([file, text]) => ({ file, text }))
}
