import { isDeepStrictEqual } from 'node:util'
import { isAlias, isNode, isScalar, isSeq, type Node, type Scalar, type YAMLMap, type YAMLSeq } from 'yaml'
import { applyEdits, type Edit, insertLinesAfter, scalar } from '../yaml/document-edit.ts'
import { lineEnd, lineStart, newlineOf } from '../yaml/lines.ts'
import type { Refusal } from '../yaml/refusal.ts'
import { listAt } from '../yaml/values.ts'
import { type EditableKustomization, readKustomization, reads } from './kustomization-edit.ts'

/** A change of the `resources`: the piece of text that holds the new entry, and what stood there before. */
export interface Replaced {
  with: string
  without: string
}

/**
 * Adds an entry at the end of the `resources` of a kustomization file, in the style of the file: block or flow, indented or
 * flush. An empty list or nothing becomes a block list. All other bytes stay, comments and line ends too.
 *
 * @param name a DNS label
 * @returns a refusal where it is not certain that just the entry is added
 */
export function addResource(text: string, name: string): { text: string; replaced: Replaced } | Refusal {
  const file = readKustomization(text)
  if ('refused' in file) return file
  const edit = editFor(text, file.root, name)
  if ('refused' in edit) return edit
  const after = applyEdits(text, [edit])
  if (!reads(after, { ...file.value, resources: [...listAt(file.value, 'resources'), name] }))
    return { refused: 'more-than-resources' }
  const without = text.slice(edit.offset, edit.offset + edit.remove)
  return { text: after, replaced: { with: edit.insert, without } }
}

function editFor(text: string, root: YAMLMap, name: string): Edit | Refusal {
  const pair = root.items.find(({ key }) => isScalar(key) && key.value === 'resources')
  if (!pair && root.flow) return { refused: 'flow-without-resources' }
  if (!pair) {
    const indent = ' '.repeat(columnOf(text, root.range![0]))
    return insertLinesAfter(text, root, [`${indent}resources:`, `${dashIndent(text, root)}- ${scalar(name)}`])
  }
  const { key, value } = pair as { key: Scalar; value: unknown }
  if (isAlias(value)) return { refused: 'alias-of-resources' }
  if (isSeq(value) && !value.flow) return extendBlock(text, value, name)
  if (isSeq(value) && (root.flow || value.items.length > 0 || holdsComment(text, value)))
    return extendFlow(text, value, key, name)
  const isNull = isScalar(value) && value.value === null && !value.tag
  if (isNode(value) && !root.flow && (isSeq(value) || isNull)) return startBlock(text, root, key, value, name)
  return { refused: 'resources-not-a-list' }
}

function extendBlock(text: string, list: YAMLSeq, name: string): Edit | Refusal {
  const start = list.range![0]
  const indent = text.slice(lineStart(text, start), start)
  const [, gap] = /^-( +)(?=[^\s#])/.exec(text.slice(start, start + 20)) ?? []
  if (indent.trim() !== '') return { refused: 'unusual-resources' }
  return insertLinesAfter(text, list, [`${indent}-${gap ?? ' '}${scalar(name)}`])
}

function extendFlow(text: string, list: YAMLSeq, key: Scalar, name: string): Edit | Refusal {
  const [start, end] = list.range!
  const last = list.items.at(-1) as Node | undefined
  const isJson = (isNode(last) ? (last as Scalar) : key).type === 'QUOTE_DOUBLE'
  const entry = isJson ? JSON.stringify(name) : scalar(name)
  if (!last) return { offset: start + 1, remove: 0, insert: entry }
  if (!isScalar(last) || !last.range) return { refused: 'unusual-resources' }
  const [from, to] = last.range
  const indent = text.slice(lineStart(text, from), from)
  if (lineStart(text, from) <= start || indent.trim() !== '')
    return { offset: to, remove: 0, insert: `, ${entry}` }

  // a line for each entry: the comma goes in front of a comment, the new line behind it
  const tail = text.slice(to, Math.min(lineEnd(text, to), end - 1))
  const hasComma = /^\s*,/.test(tail)
  const line = `${newlineOf(text)}${indent}${entry}${hasComma ? ',' : ''}`
  return { offset: to, remove: tail.length, insert: `${hasComma ? '' : ','}${tail}${line}` }
}

function holdsComment(text: string, list: YAMLSeq): boolean {
  return text.slice(list.range![0], list.range![1]).includes('#')
}

/** Writes a block list in place of `[]` or nothing. */
function startBlock(text: string, root: YAMLMap, key: Scalar, value: Node, name: string): Edit | Refusal {
  const [start, end] = value.range!
  const entry = `- ${scalar(name)}`
  const afterKey = key.range![1]
  if (
    start < end &&
    lineStart(text, start) > afterKey &&
    text.slice(lineStart(text, start), start).trim() === ''
  )
    return { offset: start, remove: end - start, insert: entry }
  const from = afterKey + lengthOfColon(text, afterKey)
  const to = start < end ? end : from
  const tail = text.slice(to, lineEnd(text, to))
  if (from === afterKey || !/^([ \t]+#[^\n]*|[ \t]*)$/.test(tail)) return { refused: 'unusual-resources' }
  const insert = `${tail}${newlineOf(text)}${dashIndent(text, root)}${entry}`
  return { offset: from, remove: lineEnd(text, to) - from, insert }
}

/** How long the colon behind a key is, with an anchor or a tag; 0 where there is none on this line. */
function lengthOfColon(text: string, afterKey: number): number {
  const colon = /[ \t]*:(?:[ \t]+[&!]\S*)*/y
  colon.lastIndex = afterKey
  return colon.exec(text)?.[0].length ?? 0
}

function columnOf(text: string, offset: number): number {
  return offset - lineStart(text, offset)
}

/** The blanks before the dashes of a list in the root mapping: as its other lists have them, else two. */
function dashIndent(text: string, root: YAMLMap): string {
  const own = columnOf(text, root.range![0])
  const lists = root.items.map(({ value }) => value).filter((value) => isSeq(value) && !value.flow)
  const [first] = lists as YAMLSeq[]
  return ' '.repeat(first?.range ? columnOf(text, first.range[0]) : own + 2)
}

/**
 * Takes an entry out of the `resources` of a kustomization file, the exact inverse of `addResource`: with what that replaced,
 * as long as nobody has changed the list there since, else just the entry (an emptied list becomes `[]`).
 *
 * @param replaced what `addResource` returned; not needed where just the entry is to go
 * @returns the same text where the entry is not there; a refusal where it is not certain that just the entry is removed
 */
export function removeResource(text: string, name: string, replaced?: Replaced): { text: string } | Refusal {
  const file = readKustomization(text)
  if ('refused' in file) return file
  const entries = listAt(file.value, 'resources')
  const index = entries.findIndex((entry) => isEntry(entry, name))
  if (index < 0) return { text }
  const rest = entries.toSpliced(index, 1)
  const pair = file.root.items.find(({ key }) => isScalar(key) && key.value === 'resources')
  const list = pair?.value
  const item = isSeq(list) ? list.items[index] : undefined
  if (!isSeq(list) || !isScalar(item) || !item.range) return { refused: 'anchored-resources' }
  const reverted = replaced && revert(text, item.range, replaced)
  if (reverted !== undefined && isReverted(reverted, file, rest)) return { text: reverted }
  const edits = list.flow
    ? editsOfFlow(text, list, index)
    : editsOfBlock(text, (pair!.key as Scalar).range![1], list, item.range)
  if ('refused' in edits) return edits
  const after = applyEdits(text, edits)
  return reads(after, { ...file.value, resources: rest })
    ? { text: after }
    : { refused: 'unusual-entry', entry: name }
}

/** Whether `name` is in the `resources` of a kustomization file. */
export function hasResource(text: string, name: string): boolean {
  const file = readKustomization(text)
  return 'value' in file && listAt(file.value, 'resources').some((entry) => isEntry(entry, name))
}

function isEntry(entry: unknown, name: string): boolean {
  return typeof entry === 'string' && entry.replace(/^(\.\/)+/, '').replace(/\/+$/, '') === name
}

type Range = readonly [start: number, end: number, ...more: number[]]

function revert(text: string, [start, end]: Range, replaced: Replaced): string | undefined {
  const offset = start - replaced.with.lastIndexOf(text.slice(start, end))
  if (!text.startsWith(replaced.with, offset)) return undefined
  return applyEdits(text, [{ offset, remove: replaced.with.length, insert: replaced.without }])
}

function isReverted(text: string, { value }: EditableKustomization, rest: readonly unknown[]): boolean {
  const file = readKustomization(text)
  if ('refused' in file || !isDeepStrictEqual(listAt(file.value, 'resources'), rest)) return false
  return isDeepStrictEqual({ ...file.value, resources: rest }, { ...value, resources: rest })
}

function editsOfBlock(text: string, afterKey: number, list: YAMLSeq, [start, end]: Range): Edit[] | Refusal {
  const from = lineStart(text, start)
  const to = lineEnd(text, end)
  if (!/^ *- +$/.test(text.slice(from, start)) || !/^[ \t]*(#[^\n]*)?$/.test(text.slice(end, to)))
    return { refused: 'unusual-resources' }
  const edits = [removeLine(text, from, to)]
  if (list.items.length === 1)
    edits.push({ offset: afterKey + lengthOfColon(text, afterKey), remove: 0, insert: ' []' })
  return edits
}

function editsOfFlow(text: string, list: YAMLSeq, index: number): Edit[] | Refusal {
  const [start, end] = (list.items[index] as Scalar).range!
  const [comma] = /^[ \t]*,/.exec(text.slice(end)) ?? []
  const lead = start - /[ \t]*$/.exec(text.slice(0, start))![0].length
  const to = end + (comma?.length ?? 0)
  const tail = to + /^[ \t]*/.exec(text.slice(to))![0].length
  const remove = (from: number, until: number) => ({ offset: from, remove: until - from, insert: '' })
  const isAlone = lineStart(text, start) === lead && lineEnd(text, to) === tail
  const entry = isAlone ? removeLine(text, lead, tail) : comma ? remove(start, tail) : remove(lead, to)
  const before = list.items[index - 1]
  if (comma || !isNode(before) || !before.range) return [entry]

  // the last entry takes the comma in front of it with it
  const from = before.range[1]
  const [separator] = /^\s*,/.exec(text.slice(from, start)) ?? []
  if (!separator) return { refused: 'unusual-commas' }
  const afterComma = from + separator.length
  if (text.slice(afterComma, start).trim() === '') return [remove(from, to)]
  return [remove(afterComma - 1, afterComma), entry]
}

/** A line with its line end, or where it is the last one without, the line end in front of it. */
function removeLine(text: string, from: number, to: number): Edit {
  const [after] = /^\r?\n/.exec(text.slice(to, to + 2)) ?? []
  const [before] = after ? [''] : (/\r?\n$/.exec(text.slice(0, from)) ?? [''])
  return {
    offset: from - before.length,
    remove: before.length + to - from + (after?.length ?? 0),
    insert: '',
  }
}
