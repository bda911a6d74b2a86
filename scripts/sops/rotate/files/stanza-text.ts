import { isMap, isNode, isScalar, type YAMLSeq } from 'yaml'
import type { Edit } from '../../../lib/yaml/document-edit.ts'
import { lineStart, newlineBefore, nextLine } from '../../../lib/yaml/lines.ts'
import { scalarAs } from './scalar-text.ts'
import { NotEditable, type Stanza } from './sops-text.ts'

/** A part of a text. */
export interface Chunk {
  start: number
  end: number
}

const unusual = new NotEditable('has its stanzas written in an unusual way')

/**
 * The text of an item of a list that goes with the item: whole lines in block style; with the comma that parts it from a
 * neighbour in flow style.
 */
export function itemChunk(text: string, sequence: YAMLSeq, index: number): Chunk {
  return sequence.flow ? flowChunk(sequence, index) : blockChunk(text, rangeOf(sequence.items[index]))
}

/**
 * A new item before one that is there, written as that one, without its comments: so no line of another one gets a comma.
 * @param stanza what it says instead
 */
export function insertItem(text: string, sequence: YAMLSeq, index: number, stanza: Stanza): Edit {
  const { start, end } = sequence.flow
    ? rangeOf(sequence.items[index])
    : blockChunk(text, rangeOf(sequence.items[index]))
  return { offset: start, remove: 0, insert: clonedItem(text, sequence, index, stanza, { start, end }) }
}

function clonedItem(
  text: string,
  sequence: YAMLSeq,
  index: number,
  stanza: Stanza,
  { start, end }: Chunk,
): string {
  const item = sequence.items[index]
  if (!isMap(item) || item.items.length !== 2) throw unusual
  const values = item.items.map(({ key, value }) => {
    const name = isScalar(key) && key.value === 'recipient' ? 'recipient' : 'enc'
    if (!isScalar(value) || !value.range) throw unusual
    return { start: value.range[0], end: value.range[1], insert: scalarAs(text, value, stanza[name]) }
  })
  let [at, made] = [start, '']
  for (const value of values) {
    made += withoutComments(text.slice(at, value.start)) + trimmedBlock(value.insert)
    // the line end of a block is in its range
    at = text[value.end - 1] === '\n' ? value.end - newlineBefore(text, value.end).length : value.end
  }
  made += withoutComments(text.slice(Math.min(at, end), end))
  const newline = newlineBefore(text, start)
  // behind the last line of a text that does not end it
  if (/^\r?\n/.test(made)) return made.trimEnd()
  if (!sequence.flow) return `${made.trimEnd()}${newline}`
  return `${made},${separatorIn(text, sequence)}`
}

/** Blank lines behind a block stay with the one that is there. */
function trimmedBlock(written: string): string {
  return /^[|>]/.test(written) ? written.trimEnd() : written
}

function withoutComments(between: string): string {
  return between.replace(/(?:^|[ \t])[ \t]*#[^\r\n]*/gm, '').replace(/\r?\n[ \t]*(?=\r?\n)/g, '')
}

function rangeOf(node: unknown): Chunk {
  if (!isNode(node) || !node.range) throw unusual
  return { start: node.range[0], end: node.range[1] }
}

/** From the line of the dash to the end of the last line with text. */
function blockChunk(text: string, item: Chunk): Chunk {
  const dash = text.lastIndexOf('-', item.start - 1)
  const start = lineStart(text, dash)
  // a comment may stand behind the dash
  const isOwn = /^ *$/.test(text.slice(start, dash)) && /^(\s|#.*)*$/.test(text.slice(dash + 1, item.start))
  if (!isOwn) throw unusual
  const written = text.slice(item.start, item.end)
  const last = item.start + written.trimEnd().length
  const end = nextLine(text, last)
  if (end === text.length && !text.endsWith('\n'))
    return { start: start - newlineBefore(text, start).length, end }
  return { start, end }
}

function flowChunk({ items, range }: YAMLSeq, index: number): Chunk {
  const { start, end } = rangeOf(items[index])
  if (index + 1 < items.length) return { start, end: rangeOf(items[index + 1]).start }
  if (index > 0) return { start: rangeOf(items[index - 1]).end, end }
  return range ? { start: range[0] + 1, end: range[1] - 1 } : { start, end }
}

/** What stands between two items of a list in flow style. */
function separatorIn(text: string, { items, range }: YAMLSeq): string {
  const [first, second] = items
  if (first && second) {
    const between = text.slice(rangeOf(first).end, rangeOf(second).start)
    return between.slice(between.indexOf(',') + 1)
  }
  const before = text.slice((range?.[0] ?? 0) + 1, rangeOf(first).start)
  if (before.includes('\n')) return before
  return /:\s/.test(text.slice(rangeOf(first).start, rangeOf(first).end)) ? ' ' : ''
}
