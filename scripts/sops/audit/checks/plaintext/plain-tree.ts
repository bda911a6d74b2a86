import type { Node } from 'yaml'
import { readTree, sopsFormatOf, textOfFile } from '../../../../lib/sops/reader/read-tree.ts'
import type { TreeBranch, TreeNode } from '../../../../lib/sops/reader/tree.ts'
import { Unsure } from '../../../../lib/sops/reader/unsure.ts'
import { parseDocuments } from '../../../../lib/yaml/documents.ts'
import { yaml } from '../../../../lib/yaml/yaml-package.ts'

/**
 * Reads a file that is not encrypted, of any format of sops. Of YAML more is read than the reader of SOPS files is sure of, as
 * nothing has to be authenticated here; what an alias stands for is read where its anchor is.
 * @param file its name tells the format
 * @returns the documents that are mappings; `undefined` for what can't be read, as templates can't
 */
export function readPlainTree(bytes: Buffer, file: string): TreeBranch[] | undefined {
  const format = sopsFormatOf(file)
  if (format === 'yaml' || format === 'json') {
    const documents = parseDocuments(bytes.toString())
    if (documents.some(({ problem }) => problem)) return undefined
    return documents.map(({ root }) => root && treeOf(root)).filter((tree) => tree?.kind === 'branch')
  }
  try {
    return readTree(textOfFile(bytes), format)
  } catch (error) {
    if (error instanceof Unsure) return undefined
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
