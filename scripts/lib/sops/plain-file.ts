import type { Node } from 'yaml'
import { parseDocuments } from '../yaml/documents.ts'
import { yaml } from '../yaml/yaml-package.ts'
import { placesIn } from './reader/places.ts'
import { readTree, sopsFormatOf, textOfFile } from './reader/read-tree.ts'
import type { ReadValue } from './reader/reading.ts'
import { scanPlain } from './reader/scan.ts'
import type { TreeBranch, TreeNode } from './reader/tree.ts'
import { Unsure } from './reader/unsure.ts'

/**
 * The values of a file that is not encrypted, in the form of those of a SOPS file, with their types.
 * @param name tells the format
 * @returns `undefined` where the reader is not sure of the file. The `bytes` may be secrets that nobody has encrypted
 */
export function plainValues(bytes: Buffer, name: string): ReadValue[] | undefined {
  return ifSure(() => {
    const text = textOfFile(bytes)
    const placeOf = placesIn(text)
    return readTree(text, sopsFormatOf(name)).flatMap((branch, document) =>
      scanPlain(branch).map(({ offset, ...value }) => ({
        document,
        ...value,
        selected: false,
        ciphertext: false,
        ...placeOf(offset),
      })),
    )
  })
}

/**
 * Reads a file that is not encrypted, of any format of sops. Of YAML more is read than `plainValues` is sure of, and all scalars
 * are texts; what an alias stands for is read where its anchor is.
 * @param name tells the format
 * @returns the documents that are mappings; `undefined` for what can't be read, as templates can't
 */
export function plainTree(bytes: Buffer, name: string): TreeBranch[] | undefined {
  const format = sopsFormatOf(name)
  if (format !== 'yaml' && format !== 'json') return ifSure(() => readTree(textOfFile(bytes), format))
  const documents = parseDocuments(bytes.toString())
  if (documents.some(({ problem }) => problem)) return undefined
  return documents.map(({ root }) => root && treeOf(root)).filter((tree) => tree?.kind === 'branch')
}

function ifSure<Read>(read: () => Read): Read | undefined {
  try {
    return read()
  } catch (error) {
    // a RangeError: too deep for our stack
    if (error instanceof Unsure || error instanceof RangeError) return undefined
    throw error
  }
}

function treeOf(node: unknown): TreeNode | undefined {
  const offset = (node as Node | null)?.range?.[0] ?? 0
  if (yaml().isMap(node)) {
    const items = node.items.flatMap(({ key, value }) => {
      const inner = treeOf(value)
      return inner && yaml().isScalar(key)
        ? { kind: 'entry' as const, key: `${key.value}`, value: inner, offset }
        : []
    })
    return { kind: 'branch', items, offset }
  }
  if (yaml().isSeq(node)) {
    const items = node.items.map(treeOf).filter((item) => item !== undefined)
    return { kind: 'list', items, offset }
  }
  if (yaml().isAlias(node) || !yaml().isScalar(node)) return undefined
  const { value } = node
  return { kind: 'leaf', value: value === null ? null : `${value}`, offset }
}
