import type { Node } from 'yaml'
import type { Edit } from '../../../lib/yaml/document-edit.ts'
import { lineEnd, lineStart, newlineBefore, nextLine } from '../../../lib/yaml/lines.ts'
import { yaml } from '../../../lib/yaml/yaml-package.ts'
import type { RecipientSite } from './rule-sites.ts'

/** What stands before an item that has its line for itself. */
const dash = /^[ \t]*-[ \t]+(?:[&!]\S+[ \t]+)*$/

/**
 * The edit that puts a recipient behind an item of a list, written as that is.
 * @returns `undefined` where the item shares its line in a way that is not known
 */
export function insertRecipientItem(
  text: string,
  { item, list }: RecipientSite,
  recipient: string,
): Edit | undefined {
  const [start, end] = item.range ?? []
  if (!list || start === undefined || end === undefined) return undefined
  const quote = yaml().isScalar(item) ? quoteOf(item.type) : ''
  const written = quote + recipient + quote
  const own = lineStart(text, start)
  const before = text.slice(own, start)
  if (list.flow) {
    const isAlone = own > (list.range?.[0] ?? 0) && /^[ \t]*$/.test(before)
    const divider = isAlone ? `,${newlineBefore(text, own)}${before}` : ', '
    return { offset: end, remove: 0, insert: divider + written }
  }
  const next = nextLine(text, end)
  if (!dash.test(before) || !isRest(text.slice(end, next))) return undefined
  const line = before.replace(/[&!]\S+[ \t]+/g, '') + written
  const newline = text.slice(lineEnd(text, end), next)
  if (newline) return { offset: next, remove: 0, insert: line + newline }
  return { offset: text.length, remove: 0, insert: newlineBefore(text, own) + line }
}

function quoteOf(type: unknown): string {
  return type === 'QUOTE_DOUBLE' ? '"' : type === 'QUOTE_SINGLE' ? "'" : ''
}

/** Whether behind a value there is no other. */
function isRest(text: string): boolean {
  return /^\s*(?:#.*)?\s*$/.test(text)
}

/** The edit that takes an item out of a list, with its line where it has one. @returns `undefined` as `insertRecipientItem` */
export function removeRecipientItem(text: string, { item, list }: RecipientSite): Edit | undefined {
  const [start, end] = item.range ?? []
  if (!list || start === undefined || end === undefined) return undefined
  if (list.flow) return removeFlowItem(text, list.items.slice(), item)
  const own = lineStart(text, start)
  // the range of a block text reaches into the next line
  const next = text[end - 1] === '\n' ? end : nextLine(text, end)
  if (!dash.test(text.slice(own, start)) || !isRest(text.slice(end, next))) return undefined
  if (text[next - 1] === '\n') return { offset: own, remove: next - own, insert: '' }
  const from = lineEnd(text, Math.max(own - 1, 0))
  const before = text[from - 1] === '\r' ? from - 1 : from
  return { offset: before, remove: next - before, insert: '' }
}

function removeFlowItem(text: string, items: readonly unknown[], item: Node): Edit | undefined {
  const [start = 0, end = 0] = item.range ?? []
  const previous = items[items.indexOf(item) - 1]
  const left = yaml().isNode(previous) ? previous.range?.[1] : undefined
  const isPlain = left !== undefined && /^\s*,\s*(?:[&!]\S+\s+)*$/.test(text.slice(left, start))
  if (isPlain) return { offset: left, remove: end - left, insert: '' }
  // an anchor would then stand before the next item
  if (/[&!]\S+\s+$/.test(text.slice(0, start))) return undefined
  const [divider = ''] = /^\s*,[^\S\n]*\n?[^\S\n]*/.exec(text.slice(end)) ?? []
  return { offset: start, remove: end + divider.length - start, insert: '' }
}
