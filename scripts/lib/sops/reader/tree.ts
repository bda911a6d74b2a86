/** A value as sops has it in memory: `bigint` is its int, `number` its float (sops v3.13.3 sops.go TreeItem). */
export type PlainValue = string | bigint | number | boolean | null

/** A value with nothing below it. */
export interface Leaf {
  kind: 'leaf'
  value: PlainValue
  /** Where it starts in the text. */
  offset: number
}

/** A comment, without its mark. */
export interface TreeComment {
  kind: 'comment'
  text: string
  offset: number
}

/** A list. Its items have the path of the list. */
export interface TreeList {
  kind: 'list'
  items: (TreeNode | TreeComment)[]
  offset: number
}

/** A mapping, in order; a key can be there twice. */
export interface TreeBranch {
  kind: 'branch'
  items: (TreeEntry | TreeComment)[]
  offset: number
}

/** A key of a mapping with its value. */
export interface TreeEntry {
  kind: 'entry'
  key: string
  value: TreeNode
  offset: number
}

/** Any value. */
export type TreeNode = Leaf | TreeList | TreeBranch

/** What is done with a leaf or a comment: `comments` are those that stand before it, level by level, the innermost last. */
export type Visit = (
  node: Leaf | TreeComment,
  path: readonly string[],
  comments: readonly (readonly string[])[],
  inList: boolean,
) => void

/**
 * Visits leaves and comments in the order of sops, which is that of the MAC (sops v3.13.3 sops.go walkBranch, walkSlice): a
 * comment counts for what follows it up to the next value of its level, that one included.
 */
export function walk(branch: TreeBranch, visit: Visit): void {
  walkItems(branch, [], [], visit)
}

function walkItems(
  node: TreeBranch | TreeList,
  path: readonly string[],
  above: readonly (readonly string[])[],
  visit: Visit,
): void {
  let own: string[] = []
  const inList = node.kind === 'list'
  for (const item of node.items) {
    if (item.kind === 'comment') {
      own.push(item.text)
      visit(item, path, [...above, own], inList)
      continue
    }
    const [value, at] = item.kind === 'entry' ? [item.value, [...path, item.key]] : [item, path]
    if (value.kind === 'leaf') visit(value, at, [...above, own], inList)
    else walkItems(value, at, [...above, own], visit)
    own = []
  }
}
