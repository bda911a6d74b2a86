import { finding } from '../../../findings/finding.ts'
import { listRecipients } from '../../../lib/sops/recipients.ts'
import type { FileEdit, FileEdits, FileText, FileTrouble } from '../rotation.ts'
import { openText, withoutRecipient } from './open-text.ts'
import { requireNotInValue } from './share.ts'
import type { SopsText } from './sops-text.ts'
import { InTheWay, troubleOf } from './troubles.ts'

/**
 * Takes all stanzas of a recipient out of files, and no other byte. The data key stays: who had that key still opens what is in
 * git, and what is put in later. What is not encrypted to it is left as it is.
 * @returns each new text was parsed: it says the same as before without them
 */
export async function takeOutRecipient(files: readonly FileText[], recipient: string): Promise<FileEdits> {
  const edits: FileEdit[] = []
  const troubles: FileTrouble[] = []
  for (const { file, text } of files) {
    try {
      const after = (await openedWithout({ file, text }, recipient))?.text ?? text
      if (after !== text) edits.push({ file, before: text, after })
    } catch (error) {
      troubles.push(troubleOf(file, error))
    }
  }
  return { edits, troubles }
}

/**
 * Opens what a file would be without a recipient.
 * @returns `undefined` for what is no SOPS file
 * @throws InTheWay where nothing would open one of its key groups; NotEditable
 */
export async function openedWithout(
  { file, text }: FileText,
  recipient: string | undefined,
): Promise<SopsText | undefined> {
  const opened = openText({ file, text })
  if (!opened && recipient !== undefined) await requireNotInValue(file, text, recipient)
  if (!opened || recipient === undefined) return opened
  const isEmptied = opened.lists.some(
    ({ stanzas, hasOthers }) => !hasOthers && stanzas.every((stanza) => stanza.recipient === recipient),
  )
  if (!isEmptied) return withoutRecipient(opened, recipient)
  const facts = { file, recipient: listRecipients([recipient]) }
  throw new InTheWay('unopenable', finding('rotate-last-recipient', { file }, facts))
}
