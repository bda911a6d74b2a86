import type { CST, Document, ParsedNode } from 'yaml'
import { yaml } from '../../yaml/yaml-package.ts'
import type { Leaf, TreeBranch, TreeComment, TreeList, TreeNode } from './tree.ts'
import { Unsure } from './unsure.ts'
import { plainScalar } from './yaml-scalar.ts'

/** Only texts: what a plain scalar is, `plainScalar` says. Positions and comments come from the source tokens. */
const options = {
  schema: 'failsafe',
  keepSourceTokens: true,
  prettyErrors: false,
  logLevel: 'silent',
} as const

/**
 * Reads a YAML stream as sops does (sops v3.13.3 stores/yaml/store.go), a branch for each document.
 * @throws Unsure for what is not read alike by every parser: anchors, aliases, merge keys, tags, directives, other keys than
 *   texts, and what is no YAML to the one used here
 */
export function readYaml(text: string): TreeBranch[] {
  try {
    const tokens = [...new (yaml().Parser)().parse(text)]
    const odd = tokens.find(({ type }) => !usual.has(type))
    if (odd) throw new Unsure(odd.type === 'directive' ? 'yaml-feature' : 'syntax', offsetOf(odd))
    const documents = [...new (yaml().Composer)(options).compose(tokens, true, text.length)]
    const sources = sourcesOf(tokens)
    return documents.map((document, index) => readDocument(document, sources[index]))
  } catch (error) {
    if (error instanceof Unsure) throw error
    // too deep for the parser
    throw new Unsure('syntax')
  }
}

const usual: ReadonlySet<string> = new Set(['document', 'doc-end', 'comment', 'space', 'newline'])

function offsetOf(token: CST.Token): number {
  return 'offset' in token ? token.offset : 0
}

/** What stands around the root of a document. */
interface Around {
  offset: number
  before: TreeComment[]
  after: TreeComment[]
}

/** Comments between documents belong to the next one. */
function sourcesOf(tokens: readonly CST.Token[]): Around[] {
  const sources: Around[] = []
  let above: TreeComment[] = []
  for (const token of tokens) {
    if (token.type === 'document') {
      const before = [...above, ...commentsOf(token.start)]
      sources.push({ offset: token.offset, before, after: commentsOf(token.end) })
      above = []
    } else above.push(...commentsOf([token]))
  }
  sources.at(-1)?.after.push(...above)
  return sources
}

function readDocument(document: Document.Parsed, around: Around | undefined): TreeBranch {
  const [problem] = [...document.errors, ...document.warnings]
  if (problem) throw new Unsure('syntax', problem.pos[0])
  const root: ParsedNode | null = document.contents
  const { offset, before, after } = around ?? { offset: 0, before: [], after: [] }
  const isEmpty = !root || (yaml().isScalar(root) && root.source === '' && root.type === 'PLAIN')
  if (!isEmpty && !yaml().isMap(root)) throw new Unsure('syntax', root.range[0])
  const items = isEmpty ? [] : readMap(root).items
  return { kind: 'branch', items: [...before, ...items, ...after], offset }
}

type Source = readonly CST.Token[] | undefined

function commentsOf(tokens: Source): TreeComment[] {
  return (tokens ?? []).flatMap((token) =>
    token.type === 'comment'
      ? { kind: 'comment' as const, text: token.source.slice(1).replace(/\r$/, ''), offset: token.offset }
      : [],
  )
}

function readNode(node: unknown): TreeNode {
  if (yaml().isMap(node)) return readMap(node as ParsedNode)
  if (yaml().isSeq(node)) return readList(node as ParsedNode)
  return readLeaf(node)
}

function readLeaf(node: unknown): Leaf {
  if (!yaml().isScalar(node) || !node.range) throw new Unsure('yaml-feature')
  const offset = node.range[0]
  if (node.anchor !== undefined || node.tag !== undefined) throw new Unsure('yaml-feature', offset)
  const text = String(node.value ?? '')
  if (node.type !== 'PLAIN') return { kind: 'leaf', value: text, offset }
  return { kind: 'leaf', value: plainScalar(text, offset), offset }
}

/** The items of a collection as they are written: with the comments in block style, which go-yaml drops in flow style. */
function sourceItems(node: ParsedNode): CST.CollectionItem[] {
  const source = node.srcToken
  if (
    !source ||
    !yaml().CST.isCollection(source) ||
    ('anchor' in node && node.anchor) ||
    node.tag !== undefined
  )
    throw new Unsure('yaml-feature', node.range[0])
  if (source.type !== 'flow-collection') return source.items
  const isNoComment = ({ type }: CST.SourceToken) => type !== 'comment'
  return source.items.map((item) => ({
    ...item,
    start: item.start.filter(isNoComment),
    ...(item.sep && { sep: item.sep.filter(isNoComment) }),
  }))
}

function readMap(node: ParsedNode): TreeBranch {
  const branch: TreeBranch = { kind: 'branch', items: [], offset: node.range[0] }
  const pairs = yaml().isMap(node) ? node.items : []
  let index = 0
  for (const { start, key, sep, value } of sourceItems(node)) {
    branch.items.push(...commentsOf(start))
    if (!key && !sep) continue
    const pair = pairs[index++]
    if (!pair || start.some(({ type }) => type === 'explicit-key-ind'))
      throw new Unsure('yaml-feature', branch.offset)
    const name = readLeaf(pair.key)
    if (typeof name.value !== 'string') throw new Unsure('yaml-feature', name.offset)
    const read: TreeNode = pair.value
      ? readNode(pair.value)
      : { kind: 'leaf', value: null, offset: name.offset }
    // a whole line above the first key of a mapping, or the first item of a list, is within it
    const line = read.kind === 'leaf' ? -1 : (sep?.findIndex(({ type }) => type === 'newline') ?? -1)
    branch.items.push(...commentsOf(line < 0 ? sep : sep?.slice(0, line)), ...commentsBehind(value))
    if (read.kind !== 'leaf' && line >= 0) read.items.unshift(...commentsOf(sep?.slice(line)))
    branch.items.push({ kind: 'entry', key: name.value, value: read, offset: name.offset })
  }
  return branch
}

function readList(node: ParsedNode): TreeList {
  const list: TreeList = { kind: 'list', items: [], offset: node.range[0] }
  const values = yaml().isSeq(node) ? node.items : []
  let index = 0
  for (const { start, key, sep, value } of sourceItems(node)) {
    list.items.push(...commentsOf(start))
    // a pair in a flow sequence
    if (key || sep) throw new Unsure('yaml-feature', list.offset)
    if (!value && !start.some(({ type }) => type === 'seq-item-ind')) continue
    list.items.push(...commentsBehind(value), readNode(values[index++]))
  }
  return list
}

/** Comments on the line of a scalar, which sops has before its key; and those at the end of a flow collection. */
function commentsBehind(value: CST.Token | null | undefined): TreeComment[] {
  if (!value) return []
  if (value.type === 'block-scalar') return commentsOf(value.props)
  return 'end' in value ? commentsOf(value.end) : []
}
