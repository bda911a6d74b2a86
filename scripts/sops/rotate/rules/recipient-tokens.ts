import type { Scalar } from 'yaml'
import { plainRecipient } from '../../../lib/sops/rule-keys.ts'
import type { Edit } from '../../../lib/yaml/document-edit.ts'
import { lineEnd, lineStart, newlineBefore, nextLine } from '../../../lib/yaml/lines.ts'

/** A recipient in a text with commas. */
export interface RecipientToken {
  start: number
  end: number
  recipient: string
}

/**
 * The recipients in a text of a rule, with commas between them, on one line or on several.
 * @param text of the whole file
 * @returns none where the text is not written as it is read
 */
export function tokensOf(text: string, scalar: Scalar): RecipientToken[] {
  const [from, to] = contentOf(text, scalar)
  const found = [...text.slice(from, to).matchAll(/[^,\s](?:[^,]*[^,\s])?/g)].map(({ 0: part, index }) => {
    return { start: from + index, end: from + index + part.length, recipient: plainRecipient(part) }
  })
  const read = `${scalar.value}`
    .split(',')
    .map((part) => plainRecipient(part.trim()))
    .filter(Boolean)
  const isAsRead = found.length === read.length && found.every((one, at) => one.recipient === read[at])
  return isAsRead ? found : []
}

/** Where the content of a text stands: without its quotes, or the header of a block text. */
function contentOf(text: string, { range, type }: Scalar): [from: number, to: number] {
  const [from = 0, to = 0] = range ?? []
  if (type === 'QUOTE_DOUBLE' || type === 'QUOTE_SINGLE') return [from + 1, to - 1]
  if (type === 'BLOCK_FOLDED' || type === 'BLOCK_LITERAL') return [nextLine(text, from), to]
  return [from, to]
}

/** The edit that puts a recipient behind one of these: on a line of its own where that has one, or else as the others are divided. */
export function insertToken(
  text: string,
  tokens: readonly RecipientToken[],
  token: RecipientToken,
  recipient: string,
): Edit {
  return { offset: token.end, remove: 0, insert: dividerAt(text, tokens, token) + recipient }
}

function dividerAt(text: string, tokens: readonly RecipientToken[], token: RecipientToken): string {
  const own = lineStart(text, token.start)
  const indentation = text.slice(own, token.start)
  const rest = text.slice(token.end, lineEnd(text, token.end))
  if (/^\s+$/.test(indentation) && /^,?["']?,?\s*$/.test(rest))
    return `,${newlineBefore(text, own)}${indentation}`
  const at = tokens.indexOf(token)
  const [left, right] = at > 0 ? [tokens[at - 1], token] : [token, tokens[at + 1]]
  const divider = left && right ? text.slice(left.end, right.start) : ','
  return /^, *$/.test(divider) ? divider : ','
}

/** The edits that take a recipient out of those of a text, at least one of which stays. */
export function removeToken(tokens: readonly RecipientToken[], recipient: string): Edit[] {
  const firstLeft = tokens.findIndex((token) => token.recipient !== recipient)
  return tokens.flatMap((token, at) => {
    if (token.recipient !== recipient) return []
    const start = at < firstLeft ? token.start : (tokens[at - 1]?.end ?? token.start)
    const end = at < firstLeft ? (tokens[at + 1]?.start ?? token.end) : token.end
    return { offset: start, remove: end - start, insert: '' }
  })
}
