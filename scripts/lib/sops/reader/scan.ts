import { ciphertextStart } from '../format.ts'
import { type Ciphertext, formatFloat, parseCiphertext } from './ciphertext.ts'
import type { FaultCode, FileMetadata, ValueType } from './reading.ts'
import { selectionBy } from './selection.ts'
import { type Leaf, type TreeBranch, type TreeComment, walk } from './tree.ts'
import { Unsure } from './unsure.ts'

/** A value or comment of a document, before anything is decrypted. */
export interface Scanned {
  kind: 'value' | 'comment'
  document: number
  offset: number
  path: readonly string[]
  selected: boolean
  /** `undefined` where it is in the clear. */
  ciphertext: Ciphertext | undefined
  type: ValueType
  /** As it goes into the MAC; `undefined` of ciphertext and of `null`. */
  bytes: Buffer | undefined
  /** What is wrong with it that can be seen without a key. */
  fault: FaultCode | undefined
}

/**
 * Looks at all values and comments of a document, in the order of sops.
 * @throws Unsure
 */
export function scan(branch: TreeBranch, document: number, { selector }: FileMetadata): Scanned[] {
  const isSelected = selectionBy(selector)
  const found: Scanned[] = []
  walk(branch, (node, path, comments, inList) => {
    const selected = isSelected(path, comments, node.kind === 'comment')
    const seen = node.kind === 'leaf' ? scanLeaf(node, selected) : scanComment(node, selected, inList)
    found.push({ document, offset: node.offset, path, selected, ...seen })
  })
  return found
}

/** The values of a document that is not encrypted. @throws Unsure */
export function scanPlain(branch: TreeBranch) {
  const found: Pick<Scanned, 'offset' | 'path' | 'type' | 'bytes'>[] = []
  walk(branch, (node, path) => {
    if (node.kind !== 'leaf') return
    found.push({ offset: node.offset, path, type: typeOf(node.value), bytes: bytesOf(node.value) })
  })
  return found
}

type Seen = Pick<Scanned, 'kind' | 'ciphertext' | 'type' | 'bytes' | 'fault'>

function scanLeaf({ value, offset }: Leaf, selected: boolean): Seen {
  const ciphertext = selected && typeof value === 'string' ? parseCiphertext(value, offset) : undefined
  const looksEncrypted = typeof value === 'string' && value.startsWith(ciphertextStart)
  if (ciphertext)
    return { kind: 'value', ciphertext, type: ciphertext.type, bytes: undefined, fault: undefined }
  // sops encrypts neither null nor an empty text
  const isPlain = selected && value !== null && value !== ''
  const wrong = looksEncrypted ? (selected ? 'value-broken' : 'value-encrypted-unexpectedly') : undefined
  return {
    kind: 'value',
    ciphertext: undefined,
    type: typeOf(value),
    bytes: bytesOf(value),
    fault: wrong ?? (isPlain ? 'value-plain' : undefined),
  }
}

function scanComment({ text, offset }: TreeComment, selected: boolean, inList: boolean): Seen {
  // sops decrypts an empty comment of a list to an empty item
  if (text === '' && inList && selected) return scanLeaf({ kind: 'leaf', value: '', offset }, true)
  const ciphertext = parseCiphertext(text, offset)
  // sops would take it for a value, which counts for the MAC
  if (ciphertext && ciphertext.type !== 'comment') throw new Unsure('comment', offset)
  const isPlain = selected && !ciphertext && text !== ''
  return {
    kind: 'comment',
    ciphertext,
    type: 'comment',
    bytes: ciphertext ? undefined : Buffer.from(text),
    fault: isPlain ? 'comment-plain' : undefined,
  }
}

function typeOf(value: Leaf['value']): ValueType {
  if (value === null) return 'null'
  const types = { string: 'str', bigint: 'int', number: 'float', boolean: 'bool' } as const
  return types[typeof value as keyof typeof types]
}

/** As sops hands it to the MAC (sops v3.13.3 sops.go ToBytes). */
function bytesOf(value: Leaf['value']): Buffer | undefined {
  if (value === null) return undefined
  if (typeof value === 'boolean') return Buffer.from(value ? 'True' : 'False')
  return Buffer.from(typeof value === 'number' ? formatFloat(value) : String(value))
}
