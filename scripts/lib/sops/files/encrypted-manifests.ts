import { isMapping, type Mapping, textAt } from '../../yaml/values.ts'
import { ciphertextStart } from '../format.ts'
import type { Reading } from '../reader/reading.ts'

/** What stands for a value that is encrypted. */
export const hiddenValue = `${ciphertextStart}…]`

/**
 * The objects of a SOPS file, without a secret: `hiddenValue` stands for what is encrypted. Lists are left out: a reading does not
 * tell their items apart, and nothing here depends on them.
 * @returns none where it could not be read
 */
export function manifestsOf({ values, format }: Pick<Reading, 'values' | 'format'>): Mapping[] {
  if (format !== 'yaml' && format !== 'json') return []
  const documents: Mapping[] = []
  for (const { document, path, ciphertext, bytes } of values) {
    documents[document] ??= {}
    put(documents[document], path, ciphertext ? hiddenValue : (bytes?.toString() ?? null))
  }
  return documents.filter((document) => isManifest(document))
}

function put(into: Mapping, path: readonly string[], value: string | null): void {
  let at = into
  for (const key of path.slice(0, -1)) {
    const inner = Object.hasOwn(at, key) ? at[key] : undefined
    const made: Mapping = isMapping(inner) ? inner : {}
    // no field of a file reaches a prototype
    Object.defineProperty(at, key, { value: made, enumerable: true, configurable: true, writable: true })
    at = made
  }
  const last = path.at(-1)
  if (last !== undefined)
    Object.defineProperty(at, last, { value, enumerable: true, configurable: true, writable: true })
}

/** Whether it is an object of Kubernetes that Flux can apply; a kubeconfig and a configuration of Talos are none. */
function isManifest(value: Mapping): boolean {
  const name = textAt(value, 'metadata', 'name')
  return [textAt(value, 'apiVersion'), textAt(value, 'kind'), name].every((text) => text !== undefined)
}

/** Whether kustomize cannot read what an object is. */
export function isWhole(manifest: Mapping): boolean {
  return [['apiVersion'], ['kind'], ['metadata', 'name']].some(
    (path) => textAt(manifest, ...path) === hiddenValue,
  )
}

/** All values of an object that are no mappings, with their paths. */
export function* leavesOf(value: unknown, path: readonly string[] = []): Generator<[string[], unknown]> {
  if (!isMapping(value)) yield [[...path], value]
  else for (const [key, inner] of Object.entries(value)) yield* leavesOf(inner, [...path, key])
}
