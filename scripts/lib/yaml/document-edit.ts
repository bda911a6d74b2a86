import { isAlias, isCollection, isMap, isNode, isScalar, type Node, type YAMLMap } from 'yaml'
import { lineStart, newlineBefore, nextLine } from './lines.ts'
import type { Refusal } from './refusal.ts'

/** A change of a text: at `offset`, `remove` characters make room for `insert`. */
export interface Edit {
  offset: number
  remove: number
  insert: string
}

/** What can be written: a text, or a mapping of such. */
export type NewValue = string | { [key: string]: NewValue }

/** @param edits in any order; they must not overlap */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  let result = text
  let end = text.length
  for (const { offset, remove, insert } of edits.toSorted((a, b) => b.offset - a.offset)) {
    if (offset + remove > end) throw new RangeError('edits overlap')
    result = result.slice(0, offset) + insert + result.slice(offset + remove)
    end = offset
  }
  return result
}

/**
 * The edit that writes `entries` at the end of a mapping, as its other keys are written: indentation and its step, line
 * ends, flow style, quoted keys of JSON. Nothing that is there changes: comments and blank lines behind the last key stay
 * behind the new ones, a missing final newline stays missing. In a flow mapping with a line for each key the new ones come
 * before the last key, because that line would need a comma.
 *
 * @param mapping a node that `parseDocuments` read from `text`, without problems
 * @returns a refusal where it is not certain that only the new keys are added
 */
export function insertAtEndOfMapping(
  text: string,
  mapping: Node,
  entries: Record<string, NewValue>,
): Edit | Refusal {
  if (isAlias(mapping)) return { refused: 'alias' }
  if (!isMap(mapping)) return { refused: 'not-a-mapping' }
  if (mapping.flow) return insertIntoFlow(text, mapping, entries)
  const column = columnOf(text, mapping)
  if (column === undefined) return { refused: 'unusual-keys' }
  const lines = blockLines(entries, ' '.repeat(indentationStep(text, mapping, column)))
  return insertLinesAfter(
    text,
    mapping,
    lines.map((line) => ' '.repeat(column) + line),
  )
}

/**
 * The edit that adds whole lines behind the last line of a block mapping or block sequence.
 * @param lines with their indentation, without line ends
 */
export function insertLinesAfter(text: string, collection: Node, lines: readonly string[]): Edit | Refusal {
  const last = lastLeaf(collection)
  if (!last?.range) return { refused: 'empty' }
  let [, end] = last.range
  const isBlock = isScalar(last) && (last.type === 'BLOCK_LITERAL' || last.type === 'BLOCK_FOLDED')
  if (!isBlock || text[end - 1] !== '\n') {
    const next = nextLine(text, end)
    if (!/^\s*(#[^\n]*)?\s*$/.test(text.slice(end, next))) return { refused: 'unexpected-text' }
    end = next
  }
  const endOfLine = newlineBefore(text, end)
  if (text[end - 1] === '\n')
    return { offset: end, remove: 0, insert: lines.map((line) => line + endOfLine).join('') }
  if (isBlock && !/^[|>]\d?-/.test(text.slice(last.range[0]))) return { refused: 'unfinished-block-text' }
  return { offset: end, remove: 0, insert: lines.map((line) => endOfLine + line).join('') }
}

/** The node that ends last; of an empty value the place where it would stand. */
function lastLeaf(node: unknown): Node | undefined {
  if (!isCollection(node) || node.flow) return isNode(node) ? node : undefined
  const item = node.items.at(-1)
  if (!isMap(node)) return lastLeaf(item)
  const pair = item as YAMLMap['items'][number] | undefined
  return lastLeaf(pair?.value ?? pair?.key)
}

/** How far the keys of a block mapping are indented; `undefined` where their lines hold more than keys and dashes. */
function columnOf(text: string, mapping: YAMLMap): number | undefined {
  const columns = mapping.items.map(({ key }) => {
    if (!isNode(key) || !key.range) return undefined
    const before = text.slice(lineStart(text, key.range[0]), key.range[0])
    return /^( *(?:- +)*)(?:[&!]\S* +)*["']?$/.exec(before)?.[1]?.length
  })
  return columns.every((column) => column === columns[0]) ? columns[0] : undefined
}

/** By how many blanks a mapping is indented against the one around it, or where there is none, the first one in it. */
function indentationStep(text: string, mapping: YAMLMap, column: number): number {
  if (column === 0) {
    const inner = mapping.items.map(({ value }) => isMap(value) && !value.flow && columnOf(text, value))
    return inner.find((found): found is number => typeof found === 'number' && found > 0) ?? 2
  }
  const above = text.slice(0, mapping.range![0]).split('\n').slice(0, -1)
  const columns = above.map((line) => /^( *(?:- +)*)[^\s#]/.exec(line)?.[1]?.length ?? column)
  return column - (columns.findLast((outer) => outer < column) ?? column - 2)
}

function blockLines(entries: Record<string, NewValue>, step: string): string[] {
  return Object.entries(entries).flatMap(([key, value]) =>
    typeof value === 'string'
      ? [`${scalar(key)}: ${scalar(value)}`]
      : [`${scalar(key)}:`, ...blockLines(value, step).map((line) => step + line)],
  )
}

function insertIntoFlow(text: string, mapping: YAMLMap, entries: Record<string, NewValue>): Edit | Refusal {
  const start = mapping.range?.[0]
  if (start === undefined || text[start] !== '{') return { refused: 'no-braces' }
  const quoted = mapping.items.every(({ key }) => isScalar(key) && key.type === 'QUOTE_DOUBLE')
  const added = flowPairs(entries, quoted && mapping.items.length > 0, /\s/.test(text[start + 1]!) ? ' ' : '')
  const last = mapping.items.at(-1)
  if (!last) return { offset: start + 1, remove: 0, insert: added }
  const { key, value } = last
  const end = (isNode(value) ? value : isNode(key) ? key : undefined)?.range?.[1]
  if (!isNode(key) || !key.range || end === undefined) return { refused: 'no-last-key' }
  const line = lineStart(text, key.range[0])
  const before = text.slice(line, key.range[0])
  if (line > start && /^\s*$/.test(before)) {
    const [comments] = /(?:(?<=\n)[ \t]*#[^\n]*\n)*$/.exec(text.slice(start, line))!
    const insert = `${before}${added},${newlineBefore(text, line)}`
    return { offset: line - comments.length, remove: 0, insert }
  }
  return { offset: end, remove: 0, insert: `, ${added}` }
}

function flowPairs(entries: Record<string, NewValue>, quoted: boolean, pad: string): string {
  const write = (value: string) => (quoted ? JSON.stringify(value) : scalar(value))
  return Object.entries(entries)
    .map(([key, value]) => {
      const written =
        typeof value === 'string' ? write(value) : `{${pad}${flowPairs(value, quoted, pad)}${pad}}`
      return `${write(key)}: ${written}`
    })
    .join(', ')
}

/** A text as YAML 1.1 and 1.2 both read it: plain where no version takes it for something else. */
export function scalar(value: string): string {
  const plain = /^[a-z_][\w./-]*$/i.test(value) && !/^(y|n|yes|no|on|off|true|false|null)$/i.test(value)
  return plain ? value : JSON.stringify(value)
}
