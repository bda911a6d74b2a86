import type { TreeBranch } from './tree.ts'
import { Unsure } from './unsure.ts'

/** Metadata as a plain value: mappings without a prototype, lists, and texts, numbers and booleans. */
export type PlainMetadata = Map<string, unknown>

/**
 * The metadata of dotenv and INI, whose keys are paths: `age__list_0__map_recipient` (sops v3.13.3 stores/flatten.go).
 * @param branch only with entries of metadata, without a prefix
 * @throws Unsure where a key stands for something twice, or a list has gaps
 */
export function unflatten(branch: TreeBranch): PlainMetadata {
  const root: PlainMetadata = new Map()
  for (const item of branch.items) {
    if (item.kind === 'comment') continue
    const { value } = item
    if (value.kind !== 'leaf') throw new Unsure('metadata', item.offset)
    const parts = item.key.split(/(__map_|__list_)/)
    put(root, [parts[0] ?? '', ...pairs(parts.slice(1))], value.value, item.offset)
  }
  return withLists(root) as PlainMetadata
}

/** `__list_`, `0` -> `[0]`, which no name of a field is. */
function pairs(parts: readonly string[]): string[] {
  return parts.flatMap((part, index) => {
    if (index % 2 === 0) return []
    return parts[index - 1] === '__list_' ? `[${part}]` : part
  })
}

function put(into: PlainMetadata, [key = '', ...rest]: string[], value: unknown, offset: number): void {
  const inner = into.get(key)
  if (rest.length === 0) {
    if (inner !== undefined) throw new Unsure('metadata', offset)
    into.set(key, value)
    return
  }
  if (inner !== undefined && !(inner instanceof Map)) throw new Unsure('metadata', offset)
  const next: PlainMetadata = inner ?? new Map()
  into.set(key, next)
  put(next, rest, value, offset)
}

function withLists(value: unknown): unknown {
  if (!(value instanceof Map)) return value
  const inner = new Map([...value].map(([key, below]) => [key, withLists(below)]))
  if (![...inner.keys()].some((key) => /^\[/.test(key))) return inner
  const list = Array.from(inner, (_, index) => inner.get(`[${index}]`))
  if (list.includes(undefined)) throw new Unsure('metadata')
  return list
}
