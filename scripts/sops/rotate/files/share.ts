import { finding } from '../../../findings/finding.ts'
import type { Repository } from '../../../lib/git/git.ts'
import type { Identity } from '../../../lib/sops/age.ts'
import { listRecipients } from '../../../lib/sops/recipients.ts'
import type { FileEdit, FileEdits, FileText, FileTrouble, Rotation } from '../rotation.ts'
import { listsInValue, openText, withStanza } from './open-text.ts'
import type { SopsText, Stanza, StanzaList } from './sops-text.ts'
import { encryptedAnew } from './stubs.ts'
import { InTheWay, notOpened, troubleOf } from './troubles.ts'

/** A file that gets stanzas. */
interface Sharing {
  file: string
  before: string
  opened: SopsText
  /** The lists that get one, by their place, and with what of each it can be opened. */
  lists: { at: number; openers: readonly Stanza[] }[]
}

/**
 * Encrypts files to the new recipient as well: in each key group of each document that has the old one, a stanza for the new one
 * is written beside it, and no other byte changes. sops makes the stanza from those of the identities at hand, and the data key
 * never leaves it; keys of other kinds need not be reachable. What is not encrypted to the old recipient is left as it is.
 *
 * @param identities of anybody who opens the files. Secret.
 * @returns each new text was parsed: it says the same as before and the stanza
 * @throws UserError where sops does not make stanzas in this way; CommandError where it is killed; the reason of the signal
 */
export async function shareFiles(
  files: readonly FileText[],
  rotation: Rotation,
  identities: readonly Identity[],
  repository: Repository,
): Promise<FileEdits> {
  const troubles: FileTrouble[] = []
  const sharings: Sharing[] = []
  for (const { file, text } of files) {
    try {
      sharings.push(...(await sharingOf({ file, text }, rotation, identities)))
    } catch (error) {
      troubles.push(troubleOf(file, error))
    }
  }
  const wanted = sharings.flatMap(({ lists }) => lists.map(({ openers }) => openers))
  const made = await encryptedAnew(wanted, rotation.next, identities, repository)
  const edits: FileEdit[] = []
  for (const sharing of sharings) {
    try {
      edits.push(shared(sharing, rotation, made))
    } catch (error) {
      troubles.push(troubleOf(sharing.file, error))
    }
  }
  return { edits, troubles }
}

async function sharingOf(
  { file, text }: FileText,
  { old, next }: Rotation,
  identities: readonly Identity[],
): Promise<Sharing[]> {
  const opened = openText({ file, text })
  if (!opened) {
    await requireNotInValue(file, text, old)
    return []
  }
  const own = new Set(identities.map(({ recipient }) => recipient))
  const has = ({ stanzas }: StanzaList, wanted: string) =>
    stanzas.some(({ recipient }) => recipient === wanted)
  const lists = opened.lists.flatMap((list, at) => {
    if (!has(list, old) || has(list, next)) return []
    const openers = list.stanzas.filter(({ recipient }) => own.has(recipient))
    if (openers.length === 0)
      throw notOpened(
        file,
        list.stanzas.map(({ recipient }) => recipient),
      )
    return { at, openers }
  })
  return lists.length > 0 ? [{ file, before: text, opened, lists }] : []
}

/** @throws InTheWay where a value of a manifest is a SOPS file that lists the recipient */
export async function requireNotInValue(file: string, text: string, recipient: string): Promise<void> {
  if (!(await listsInValue(text, recipient))) return
  const facts = { recipient: listRecipients([recipient]) }
  throw new InTheWay('not-editable', finding('rotate-in-value', { file }, facts))
}

function shared(
  { file, before, opened, lists }: Sharing,
  { old, next }: Rotation,
  made: ReadonlyMap<string, string>,
): FileEdit {
  const after = lists.reduce((edited, { at, openers }) => {
    const enc = made.get(JSON.stringify(openers))
    const recipients = listRecipients(openers.map(({ recipient }) => recipient))
    if (enc === undefined)
      throw new InTheWay('unopenable', finding('rotate-stanza-damaged', { file }, { file, recipients }))
    return withStanza(edited, at, old, { recipient: next, enc })
  }, opened)
  return { file, before, after: after.text }
}
