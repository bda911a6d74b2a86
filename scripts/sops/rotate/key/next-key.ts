import { type Finding, finding } from '../../../findings/finding.ts'
import type { Caller } from '../../../lib/caller.ts'
import { pathBelow } from '../../../lib/paths.ts'
import type { Identity } from '../../../lib/sops/age.ts'
import { keyPlaces } from '../../../lib/sops/key-places.ts'
import { shortRecipient } from '../../../lib/sops/recipients.ts'
import { makeIdentity } from '../../new-key/identity.ts'
import { keyPlaceOf } from '../../new-key/key-place.ts'
import { successorText } from './comments.ts'
import { keepByCommand, keepInFile, tidyUpBeside, type UndoKeeping } from './keep.ts'
import { keyFileRefusals } from './key-file-refusals.ts'
import { identityIn, isPlainFile, realPathOf } from './ring.ts'
import type { PlacedIdentity, SuccessorWishes } from './successors.ts'

/** What decides which identity takes the place of the old one. */
export interface NextWishes extends SuccessorWishes {
  /** `--new-key`: absolute, or `-` for stdin. `store` counts for nothing then. */
  newKey: string | undefined
  /** `--store`. */
  store: string | undefined
  caller: Caller
}

/** The identity that takes the place of the old one. */
export interface NextKey {
  identity: Identity
  /** It was made now, and is in the memory of this process alone until it is kept. */
  isNew: boolean
  /** Who has it, or is to have it, for people: `age.key`, `SOPS_AGE_KEY_CMD`. */
  keeper: string
  /**
   * Keeps an identity that was made; nothing is written before. One that is kept already, by an earlier call too, stays as it is.
   * @throws UserError where it can't be kept, and is lost; nothing is changed then
   */
  keep(): Promise<UndoKeeping>
  /** What is to be known once it is kept: that a later run does not find it by itself. */
  notes(): Finding[]
}

/** An identity, or why there is none that may be used. */
export type NextChoice = { next: NextKey } | { refusals: readonly Finding[] }

/** An identity that somebody keeps already, and that a rotation begins with: only where it may be in its file. */
export async function firstNext(
  { identity, place }: PlacedIdentity,
  wishes: Pick<NextWishes, 'ring' | 'used' | 'caller' | 'repository'>,
): Promise<NextChoice> {
  const { recipient } = identity
  const use = { recipient, isUsed: wishes.used.has(recipient), isWritten: false }
  const { file } = place
  const refusals =
    file !== undefined && isPlainFile(file) ? await keyFileRefusals(file, use, wishes.repository) : []
  return refusals.length > 0 ? { refusals } : { next: keptNext({ identity, place }, wishes) }
}

/** An identity that somebody keeps already. */
export function keptNext(
  { identity, place: { source, file } }: PlacedIdentity,
  { ring, caller, repository }: Pick<NextWishes, 'ring' | 'caller' | 'repository'>,
): NextKey {
  const staying = isPlainFile(file) ? file : undefined
  const notes = () =>
    identityIn(ring, identity.recipient) ? [] : laterNotes(identity, source, staying, { caller, repository })
  const keep = async () => {
    // the run that kept it may have been killed behind that
    if (staying !== undefined) await tidyUpBeside(staying, caller)
    return () => {}
  }
  return { identity, isNew: false, keeper: source, keep, notes }
}

/** Who is to keep an identity that is made now: a file, absolute, at whose end it is put or that is made, or the command of `--store`. */
export type NextKeeper = { file: string; command?: undefined } | { file?: undefined; command: string }

/** An identity that is made now. */
export async function madeNext(
  { file, command }: NextKeeper,
  { old, pq, caller, repository }: Pick<NextWishes, 'old' | 'pq' | 'caller' | 'repository'>,
): Promise<NextChoice> {
  const { text, identity } = await makeIdentity(pq, caller)
  const lines = successorText(text, old)
  const keeper = file === undefined ? 'the command of --store' : (pathBelow(caller.cwd, file) ?? file)
  let kept: Promise<UndoKeeping> | undefined
  const keep = () =>
    (kept ??=
      file === undefined
        ? keepByCommand(command, { text: lines, identity }, caller)
        : keepInFile(file, lines, caller))
  const notes = () => laterNotes(identity, keeper, file, { caller, repository })
  return { next: { identity, isNew: true, keeper, keep, notes } }
}

/** That a later run does not find an identity, or may not, where it looks by itself. */
function laterNotes(
  { recipient }: Identity,
  keeper: string,
  file: string | undefined,
  { caller: { cwd, env, signal }, repository: { root } }: Pick<NextWishes, 'caller' | 'repository'>,
): Finding[] {
  if (file === undefined) {
    const facts = { keeper, next: shortRecipient(recipient) }
    return [finding('next-kept-elsewhere', { object: 'identity' }, facts)]
  }
  const places = keyPlaces({ keyFile: undefined, cwd, root, env, signal })
  if (places.some((place) => place.file !== undefined && realPathOf(place.file) === realPathOf(file)))
    return []
  return [finding('next-in-other-file', keyPlaceOf(file, root), { file: pathBelow(root, file) ?? file })]
}
