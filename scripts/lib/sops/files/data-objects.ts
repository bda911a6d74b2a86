import { isBase64Text } from '../../yaml/base64.ts'
import { isCiphertext } from '../format.ts'
import type { ReadValue, TextPlace } from '../reader/reading.ts'

/** A key with its value below `data`, `stringData` or `binaryData` of an object. */
export interface DataEntry extends TextPlace {
  /** As people write it: `stringData.password`. */
  path: string
  key: string
  /** Whether the API server wants base64. */
  isBase64: boolean
  /** `nested`: a mapping, or a list of several values. */
  type: ReadValue['type'] | 'nested'
  /** What is written; it may be a secret. `undefined` where that is not known: it is not decrypted, or a template. */
  text: string | undefined
}

/** A Secret or ConfigMap of a file. */
export interface DataObject {
  kind: 'Secret' | 'ConfigMap'
  /** Where its kind stands. */
  place: TextPlace
  entries: readonly DataEntry[]
  /** What stands in the clear at a path, with its place. */
  textAt(...path: string[]): ({ text: string } & TextPlace) | undefined
  /** Whether something stands at a path, or below it. */
  has(...path: string[]): boolean
}

const fields = ['data', 'stringData', 'binaryData']

/**
 * The Secrets and ConfigMaps of a file, a document for each. It says nothing of those in lists, and of those whose kind is
 * encrypted.
 */
export function dataObjectsIn(values: readonly ReadValue[]): DataObject[] {
  return [...Map.groupBy(values, ({ document }) => document).values()].flatMap((own): DataObject[] => {
    const find = (path: readonly string[]) =>
      own.find((value) => value.path.length === path.length && startsWith(value, path))
    const textAt = (...path: string[]) => {
      const found = find(path)
      if (!found?.bytes || found.ciphertext) return undefined
      const { line, column, bytes } = found
      return { text: `${bytes}`, line, column }
    }
    const kind = textAt('kind')
    if (!kind || textAt('apiVersion')?.text !== 'v1') return []
    if (kind.text !== 'Secret' && kind.text !== 'ConfigMap') return []
    return [
      {
        kind: kind.text,
        place: kind,
        entries: entriesOf(own, kind.text),
        textAt,
        has: (...path) => own.some((value) => startsWith(value, path)),
      },
    ]
  })
}

function startsWith({ path }: ReadValue, start: readonly string[]): boolean {
  return start.every((key, index) => path[index] === key)
}

function entriesOf(values: readonly ReadValue[], kind: DataObject['kind']): DataEntry[] {
  const entries = new Map<string, DataEntry>()
  for (const { path, type, bytes, line, column } of values) {
    const [field = '', key, ...below] = path
    if (!fields.includes(field) || key === undefined) continue
    const name = `${field}.${key}`
    const isNested = below.length > 0 || entries.has(name)
    entries.set(name, {
      path: name,
      key,
      isBase64: field === 'binaryData' || (field === 'data' && kind === 'Secret'),
      type: isNested ? 'nested' : type,
      text: knownText(bytes),
      line,
      column,
    })
  }
  return [...entries.values()]
}

function knownText(bytes: Buffer | undefined): string | undefined {
  const text = bytes?.toString()
  return text === undefined || isCiphertext(text) || /\$\{|\{\{/.test(text) ? undefined : text
}

/** What the cluster would get for a value; `undefined` where that is not known, or it is no base64. */
export function bytesFor({ text, isBase64 }: DataEntry): Buffer | undefined {
  if (text === undefined) return undefined
  if (!isBase64) return Buffer.from(text)
  return isBase64Text(text) ? Buffer.from(text, 'base64') : undefined
}

/** Whether a text can be a key of a Secret or ConfigMap (kubernetes v1.36.3, IsConfigMapKey of apimachinery pkg/util/validation). */
export function isDataKey(text: string): boolean {
  return /^(?!\.\.?$|\.\.)[-._a-zA-Z0-9]{1,253}$/.test(text)
}
