import { ciphertextMarks, ciphertextStart, wholeCiphertext } from '../../lib/sops/format.ts'
import { isMapping } from '../../lib/yaml/values.ts'
import type { LiveObject } from './live-objects.ts'

/** An object whose values are ciphertext of sops. */
export interface LiveCiphertext {
  live: LiveObject
  /** The values that are, as `data.token`. */
  paths: readonly string[]
  /** What sops has written. No two values have the same: each tells where it is from. */
  tokens: ReadonlySet<string>
}

const tokens = new RegExp(wholeCiphertext, 'g')

/** The MAC of a SOPS file in YAML, JSON, dotenv or INI. */
const mac = new RegExp(`mac["']?\\s*[:=]\\s*["']?${wholeCiphertext.source}`)

/** Ciphertext as the value of a line, or in a word of it such as a URL: in prose there are blanks around it. */
const valueOfLine = new RegExp(
  `^[ \\t]*(?:- )*(?:["']?[^\\s"':=]+["']?[ \\t]*[:=][ \\t]*)?\\S*${wholeCiphertext.source}\\S*[ \\t]*$`,
  'm',
)

/** Objects whose values are meant to be ciphertext: an operator decrypts them (https://github.com/isindir/sops-secrets-operator). */
const keptEncrypted = new Set(['SopsSecret'])

/** What of an object is ciphertext of sops; `undefined` where nothing is. */
export function ciphertextIn(live: LiveObject): LiveCiphertext | undefined {
  if (keptEncrypted.has(live.kind)) return undefined
  const found = [...textsOf(live)].filter(([, text]) => isCiphertextText(text))
  if (found.length === 0) return undefined
  return {
    live,
    paths: found.map(([path]) => path),
    tokens: new Set(found.flatMap(([, text]) => text.match(tokens) ?? [])),
  }
}

/** Whether a text is a whole SOPS file. */
export function isSopsFile(text: string): boolean {
  return mac.test(text)
}

/** Whether a text is ciphertext of sops, a SOPS file, or lines with ciphertext as values. */
function isCiphertextText(text: string): boolean {
  return text.includes(ciphertextStart) && (isSopsFile(text) || valueOfLine.test(text))
}

/** The field of a kind whose values are base64. */
const encodedFields = new Map([
  ['Secret', 'data'],
  ['ConfigMap', 'binaryData'],
])

/** The texts in an object that may have ciphertext, decoded, with their paths. */
function textsOf({ kind, group, object }: LiveObject): Generator<[path: string, text: string]> {
  return leavesIn(object, group === '' ? encodedFields.get(kind) : undefined, '')
}

/** @param encoded the field whose values are base64 */
function* leavesIn(value: unknown, encoded: string | undefined, path: string): Generator<[string, string]> {
  if (typeof value === 'string') {
    if (!ciphertextMarks.some((mark) => value.includes(mark))) return
    const isEncoded = encoded !== undefined && path.startsWith(`${encoded}.`)
    yield [path, isEncoded ? Buffer.from(value, 'base64').toString() : value]
  } else if (Array.isArray(value)) {
    for (const [index, one] of value.entries()) yield* leavesIn(one, encoded, `${path}[${index}]`)
  } else if (isMapping(value)) {
    for (const [key, one] of Object.entries(value)) {
      // the controllers' own words, and copies
      if (path === '' && key === 'status') continue
      if (path === 'metadata' && key === 'managedFields') continue
      if (key === 'kubectl.kubernetes.io/last-applied-configuration') continue
      yield* leavesIn(one, encoded, path === '' ? key : `${path}.${key}`)
    }
  }
}
