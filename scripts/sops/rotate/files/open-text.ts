import { isDeepStrictEqual } from 'node:util'
import { ciphertextStart, sopsFilesInValues } from '../../../lib/sops/format.ts'
import { sopsFormatOf } from '../../../lib/sops/reader/read-tree.ts'
import type { SopsFormat } from '../../../lib/sops/reader/reading.ts'
import { readKeyGroups } from '../../../lib/sops/recipients.ts'
import type { FileText } from '../rotation.ts'
import { openLines } from './line-text.ts'
import { NotEditable, type SopsText, type Stanza, type StanzaList } from './sops-text.ts'
import { openTree } from './tree-text.ts'

/**
 * Opens the text of a file. Its format is that of its name; where the name tells nothing, the one whose metadata is in it.
 * @returns `undefined` for what is no SOPS file
 * @throws NotEditable
 */
export function openText({ file, text }: FileText): SopsText | undefined {
  if (!text.includes(ciphertextStart)) return undefined
  const named = sopsFormatOf(file)
  const formats = named === 'binary' ? (['binary', 'yaml', 'dotenv', 'ini'] as const) : [named]
  for (const format of formats) {
    if (format === 'binary' && !text.trimStart().startsWith('{')) continue
    const opened = openAs(text, format)
    if (opened) return opened
  }
  return undefined
}

/** Opens a text of a certain format. @returns `undefined` for what is no SOPS file @throws NotEditable */
export function openAs(text: string, format: SopsFormat): SopsText | undefined {
  return format === 'dotenv' || format === 'ini' ? openLines(text, format) : openTree(text, format)
}

/**
 * A text with a stanza of `stanza.recipient` beside the first one of `beside` in one of its lists.
 * @throws NotEditable where it would not say the same as before and the stanza
 */
export function withStanza(opened: SopsText, at: number, beside: string, stanza: Stanza): SopsText {
  const list = listAt(opened, at)
  return checked(opened, opened.inserted(list, beside, stanza), (lists) => {
    const index = lists[at]?.stanzas.findIndex((one) => isDeepStrictEqual(one, stanza)) ?? -1
    return replaced(lists, at, ({ stanzas }) => stanzas.filter((_, place) => place !== index))
  })
}

/**
 * A text without any stanza of a recipient.
 * @throws NotEditable where it would not say the same as before without them
 */
export function withoutRecipient(opened: SopsText, recipient: string): SopsText {
  const isIt = (stanza: Stanza) => stanza.recipient === recipient
  const list = opened.lists.find(({ stanzas }) => stanzas.some(isIt))
  if (!list) return opened
  const at = opened.lists.indexOf(list)
  const stanza = list.stanzas.findIndex(isIt)
  const expected = list.stanzas.filter((_, place) => place !== stanza)
  const next = checked(
    opened,
    opened.removed(list, recipient),
    (lists) => lists,
    expected.length > 0
      ? replaced(opened.lists, at, () => expected)
      : opened.lists.filter((one) => one !== list),
  )
  return withoutRecipient(next, recipient)
}

function listAt({ lists }: SopsText, at: number): StanzaList {
  const list = lists[at]
  if (!list) throw new RangeError('no such list')
  return list
}

function replaced(
  lists: readonly StanzaList[],
  at: number,
  stanzas: (list: StanzaList) => readonly Stanza[],
): StanzaList[] {
  return lists.map((list, index) => (index === at ? { ...list, stanzas: stanzas(list) } : list))
}

/** Opens what has become of a text, where it says the same as before but for what was meant. */
function checked(
  before: SopsText,
  text: string,
  comparable: (lists: readonly StanzaList[]) => readonly StanzaList[],
  wanted: readonly StanzaList[] = before.lists,
): SopsText {
  const after = openAs(text, before.format)
  if (
    after &&
    isDeepStrictEqual(comparable(after.lists), wanted) &&
    isDeepStrictEqual(after.values(), before.values())
  )
    return after
  throw new NotEditable('would say something else than it should with another text for its stanzas')
}

/**
 * Whether a text that is no SOPS file itself has one in base64, as a value of a Secret can be, that lists a recipient.
 * @param text of manifests
 */
export async function listsInValue(text: string, recipient: string): Promise<boolean> {
  for (const inner of sopsFilesInValues(text)) {
    const documents = await readKeyGroups(inner)
    if (documents?.some(({ groups }) => groups.some(({ age }) => age.includes(recipient)))) return true
  }
  return false
}
