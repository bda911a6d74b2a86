import { parseDocuments } from '../yaml/documents.ts'

const known = new Map<string, readonly unknown[]>()

/**
 * The documents of a short text that many objects or kustomizations share, such as a patch: it is parsed once.
 * @returns plain values, empty documents left out; `undefined` for a document that our parser refuses
 */
export function parsedText(text: string): readonly unknown[] {
  const found = known.get(text)
  if (found) return found
  const values = parseDocuments(text).flatMap(({ value }) => (value === null ? [] : [value]))
  known.set(text, values)
  return values
}
