import { ciphertextStart, ciphertextsIn } from '../../../lib/sops/format.ts'
import { takeMetadata } from '../../../lib/sops/reader/metadata.ts'
import { readTree, sopsFormatOf } from '../../../lib/sops/reader/read-tree.ts'
import { walk } from '../../../lib/sops/reader/tree.ts'
import { Unsure } from '../../../lib/sops/reader/unsure.ts'
import { parseDocuments } from '../../../lib/yaml/documents.ts'
import { isMapping } from '../../../lib/yaml/values.ts'

/** How all that is encrypted in a file is called where its keys can't be told apart. */
const whole = 'the whole file'

/**
 * What is encrypted in a SOPS file, without a key.
 * @param name of the file, which tells the format
 * @returns the names of the keys down to each value, `stringData.password`, with the ciphertexts below it; never empty
 */
export function encryptedKeys(text: string, name: string): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>()
  const add = (path: readonly string[], document: number, value: unknown) => {
    if (typeof value !== 'string' || !value.includes(ciphertextStart)) return
    const key = path.join('.') || whole
    const called = document === 0 ? key : `${key} (document ${document + 1})`
    found.set(called, (found.get(called) ?? new Set()).union(ciphertextsIn(value)))
  }
  if (!addAsSops(text, name, add)) {
    found.clear()
    for (const [document, { value }] of parseDocuments(text).entries())
      addPlain(withoutMetadata(value), [], (path, leaf) => add(path, document, leaf))
  }
  return found.size > 0 ? found : new Map([[whole, ciphertextsIn(text)]])
}

/** @returns whether the file is in a form that every parser reads alike */
function addAsSops(
  text: string,
  name: string,
  add: (path: readonly string[], document: number, value: unknown) => void,
): boolean {
  const format = sopsFormatOf(name)
  try {
    for (const [document, tree] of readTree(text, format).entries())
      walk(takeMetadata(tree, format).branch, (node, path) => {
        const own = format === 'binary' ? [] : path
        if (node.kind === 'leaf') add(own, document, node.value)
        else add([...own, 'a comment'], document, node.text)
      })
    return true
  } catch (error) {
    if (error instanceof Unsure || error instanceof RangeError) return false
    throw error
  }
}

function withoutMetadata(value: unknown): unknown {
  if (!isMapping(value)) return value
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== 'sops'))
}

function addPlain(
  value: unknown,
  path: readonly string[],
  add: (path: readonly string[], value: unknown) => void,
): void {
  if (Array.isArray(value)) for (const item of value) addPlain(item, path, add)
  else if (isMapping(value))
    for (const [key, inner] of Object.entries(value)) addPlain(inner, [...path, key], add)
  else add(path, value)
}
