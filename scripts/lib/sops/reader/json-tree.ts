import type { PlainValue, TreeBranch, TreeNode } from './tree.ts'
import { Unsure } from './unsure.ts'

const token = /[ \t\r\n]*(?:([{}[\],:])|("(?:[^"\\]|\\.)*")|(-?\d[\d.eE+-]*)|(true|false|null))/y

/**
 * Reads JSON as sops does (sops v3.13.3 stores/json/store.go): in order, double keys too, an int where the number is one of 64
 * bits, else a float.
 * @throws Unsure where it is not JSON of one object, is nested deeper than a file of a person, or has half of a surrogate pair
 */
export function readJson(text: string): TreeBranch {
  try {
    JSON.parse(text)
  } catch {
    // sops reads up to the end of the object only
    throw new Unsure('syntax')
  }
  const reader = new JsonReader(text)
  const root = reader.value()
  if (root.kind !== 'branch') throw new Unsure('syntax')
  return root
}

/** How deep a file may be nested: what walks over it must not come to the end of our stack. */
const deepest = 500

/** Reads what `JSON.parse` has found to be right, for the places and for the order. */
class JsonReader {
  readonly #text: string
  #at = 0
  #depth = 0

  constructor(text: string) {
    this.#text = text
  }

  #next(): { text: string; offset: number } {
    token.lastIndex = this.#at
    const found = token.exec(this.#text)
    if (!found) throw new Unsure('syntax', this.#at)
    this.#at = token.lastIndex
    const text = found[0].trimStart()
    return { text, offset: this.#at - text.length }
  }

  value({ text, offset } = this.#next()): TreeNode {
    if (text === '{') return this.#branch(offset)
    if (text !== '[') return { kind: 'leaf', value: scalarOf(text, offset), offset }
    const items: TreeNode[] = []
    this.#enter(offset)
    for (let next = this.#next(); next.text !== ']'; next = this.#next())
      if (next.text !== ',') items.push(this.value(next))
    this.#depth--
    return { kind: 'list', items, offset }
  }

  #branch(offset: number): TreeBranch {
    const branch: TreeBranch = { kind: 'branch', items: [], offset }
    this.#enter(offset)
    for (let key = this.#next(); key.text !== '}'; key = this.#next()) {
      if (key.text === ',') continue
      this.#next()
      const name = String(scalarOf(key.text, key.offset))
      branch.items.push({ kind: 'entry', key: name, value: this.value(), offset: key.offset })
    }
    this.#depth--
    return branch
  }

  #enter(offset: number): void {
    if (++this.#depth > deepest) throw new Unsure('syntax', offset)
  }
}

function scalarOf(text: string, offset: number): PlainValue {
  if (/^-?\d/.test(text)) return numberOf(text, offset)
  const value: string | boolean | null = JSON.parse(text)
  if (typeof value === 'string' && !value.isWellFormed()) throw new Unsure('syntax', offset)
  return value
}

function numberOf(text: string, offset: number): PlainValue {
  if (/^-?\d+$/.test(text)) {
    const value = BigInt(text)
    if (BigInt.asIntN(64, value) === value) return value
  }
  const value = Number(text)
  if (!Number.isFinite(value)) throw new Unsure('scalar', offset)
  return value
}
