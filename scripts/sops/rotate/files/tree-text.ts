import { isAlias, isMap, isNode, isPair, isScalar, isSeq, type Scalar, type YAMLSeq } from 'yaml'
import { ciphertextStart } from '../../../lib/sops/format.ts'
import type { SopsFormat } from '../../../lib/sops/reader/reading.ts'
import { otherKeys } from '../../../lib/sops/recipients.ts'
import { applyEdits, type Edit } from '../../../lib/yaml/document-edit.ts'
import { keyAt, nodeAt, parseDocuments, type YamlDocument } from '../../../lib/yaml/documents.ts'
import { isMapping, listAt, valueAt } from '../../../lib/yaml/values.ts'
import { scalarAs } from './scalar-text.ts'
import {
  NotEditable,
  requireReadable,
  type SopsText,
  type Stanza,
  type StanzaList,
  type TextLeaf,
} from './sops-text.ts'
import { insertItem, itemChunk } from './stanza-text.ts'

/**
 * Opens a text of YAML or JSON, of which the second is the first in another style.
 * @returns `undefined` where no document of it has metadata of sops
 * @throws NotEditable
 */
export function openTree(text: string, format: SopsFormat): SopsText | undefined {
  const documents = parseDocuments(text)
  if (!documents.some(({ value }) => isMapping(valueAt(value, 'sops')))) {
    // a text that is no YAML or JSON at all has no documents that could be read
    if (/^["']?sops["']?\s*:|"sops"\s*:\s*\{/m.test(text)) requireReadable(documents)
    return undefined
  }
  requireReadable(documents)
  return new TreeText(text, format, documents)
}

class TreeText implements SopsText {
  readonly format: SopsFormat
  readonly text: string
  readonly lists: readonly StanzaList[]
  readonly #documents: readonly YamlDocument[]

  constructor(text: string, format: SopsFormat, documents: readonly YamlDocument[]) {
    this.format = format
    this.text = text
    this.#documents = documents
    this.lists = documents.flatMap(({ value }, document) => listsOf(valueAt(value, 'sops'), document))
  }

  #sequence({ document, path }: StanzaList): YAMLSeq {
    const node = nodeAt(this.#documents[document]?.root ?? null, 'sops', ...path)
    if (!isSeq(node) || !node.items.every(isMap)) throw new NotEditable('has its stanzas behind an alias')
    return node
  }

  inserted(list: StanzaList, beside: string, stanza: Stanza): string {
    const sequence = this.#sequence(list)
    const index = list.stanzas.findIndex(({ recipient }) => recipient === beside)
    return applyEdits(this.text, [insertItem(this.text, sequence, index, stanza)])
  }

  removed(list: StanzaList, recipient: string): string {
    const sequence = this.#sequence(list)
    const index = list.stanzas.findIndex((stanza) => stanza.recipient === recipient)
    const { start, end } = itemChunk(this.text, sequence, index)
    const edits: Edit[] = [{ offset: start, remove: end - start, insert: '' }]
    if (list.stanzas.length === 1 && !sequence.flow) edits.push(this.#emptyList(list))
    return applyEdits(this.text, edits)
  }

  /** In block style an empty list would be no list any more. */
  #emptyList({ document, path }: StanzaList): Edit {
    const root = this.#documents[document]?.root ?? null
    const parent = path.length > 1 ? (nodeAt(root, 'sops', ...path.slice(0, -1)) ?? null) : root
    const key = path.length > 1 ? keyAt(parent, 'age') : keyAt(root, 'sops', 'age')
    const colon = key?.range ? this.text.indexOf(':', key.range[1]) : -1
    if (colon < 0) throw new NotEditable('has its list of stanzas written in an unusual way')
    return { offset: colon + 1, remove: 0, insert: ' []' }
  }

  leaves(): TextLeaf[] | undefined {
    const leaves: TextLeaf[] = []
    const visit = (node: unknown, path: readonly (string | number)[]): boolean => {
      if (isAlias(node)) return false
      if (isMap(node))
        return node.items.every(({ key, value }) => isScalar(key) && visit(value, [...path, `${key.value}`]))
      if (isSeq(node))
        return node.items.every((item, index) => !isPair(item) && visit(item, [...path, index]))
      if (isScalar(node) && node.range) leaves.push(this.#leaf(node, path))
      return node === null || isNode(node)
    }
    return this.#documents.every(({ root }, index) => visit(root, [index])) ? leaves : undefined
  }

  #leaf(node: Scalar, path: readonly (string | number)[]): TextLeaf {
    const [start = 0, end = start] = node.range ?? []
    return {
      path: JSON.stringify(path),
      isMetadata: path[1] === 'sops',
      value: node.value,
      start,
      end,
      isLoose: node.type === 'PLAIN' && !`${node.value}`.startsWith(ciphertextStart),
      rewritten: (value) => scalarAs(this.text, node, value),
    }
  }

  values(): unknown {
    return this.#documents.map(({ value }) => {
      const sops = valueAt(value, 'sops')
      return isMapping(value) && isMapping(sops) ? { ...value, sops: withoutLists(sops) } : value
    })
  }
}

function withoutLists({ age, ...others }: Record<string, unknown>): unknown {
  if (!Array.isArray(others.key_groups)) return others
  const key_groups = others.key_groups.map((group) => (isMapping(group) ? withoutLists(group) : group))
  return { ...others, key_groups }
}

function listsOf(sops: unknown, document: number): StanzaList[] {
  const groups = listAt(sops, 'key_groups').map((group, index) => ({
    group,
    path: ['key_groups', index, 'age'],
  }))
  return [{ group: sops, path: ['age'] }, ...groups].flatMap(({ group, path }) => {
    const items = listAt(group, 'age')
    if (items.length === 0) return []
    const stanzas = items.map((item) => ({
      recipient: `${valueAt(item, 'recipient')}`,
      enc: `${valueAt(item, 'enc')}`,
    }))
    const hasOthers = otherKeys.some((kind) => listAt(group, kind).length > 0)
    return [{ document, path, stanzas, hasOthers }]
  })
}
