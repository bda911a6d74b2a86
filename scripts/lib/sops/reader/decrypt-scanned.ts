import type { KeyObject } from 'node:crypto'
import { type Ciphertext, decryptValue, pathData } from './ciphertext.ts'
import type { Scanned } from './scan.ts'

/** A ciphertext that does not authenticate at its path. */
export interface Unauthenticated {
  scanned: Scanned
  /** Where it was encrypted, where that was found. */
  from: readonly string[] | undefined
}

/**
 * Decrypts values and comments in place. What sops finds at a comment is no fault: it takes a comment that does not
 * authenticate for one in the clear.
 * @param key the data key
 * @returns the values that do not authenticate
 * @throws Unsure
 */
export function decryptScanned(
  all: readonly Scanned[],
  key: KeyObject,
  formerPaths: readonly (readonly string[])[],
): Unauthenticated[] {
  const failed: Unauthenticated[] = []
  let last: readonly string[] = []
  for (const scanned of all) {
    const { ciphertext, path, offset } = scanned
    if (scanned.kind === 'value') last = path
    if (!ciphertext) continue
    if (scanned.kind === 'comment') {
      // by the parser here and by that of sops it can belong to another level
      for (const at of [path, ...levels(path), ...levels(last)])
        scanned.bytes ??= decryptValue(ciphertext, key, pathData(at), offset)
      continue
    }
    scanned.bytes = decryptValue(ciphertext, key, pathData(path), offset)
    if (scanned.bytes) continue
    // where many are not found, none will be: they have another key
    const isHopeless = failed.filter(({ from }) => !from).length >= hopeless
    failed.push({
      scanned,
      from: isHopeless ? undefined : formerPath(scanned, ciphertext, key, all, formerPaths),
    })
  }
  return failed
}

function levels(path: readonly string[]): string[][] {
  return path.map((_, depth) => path.slice(0, depth))
}

/** After so many values that were not found no more are looked for, and for each no more paths are tried than `most`. */
const hopeless = 10
const most = 2_000

/**
 * Finds where a value was encrypted that does not authenticate where it is: under another key of the same mapping, under the
 * same key of another one, in the other section of a Secret, or at a path that it had in an older version of the file.
 * @returns the path; `undefined` where none of these was it
 */
function formerPath(
  { path, document }: Scanned,
  ciphertext: Ciphertext,
  key: KeyObject,
  scanned: readonly Scanned[],
  former: readonly (readonly string[])[],
): readonly string[] | undefined {
  const name = path.at(-1) ?? ''
  const parent = path.slice(0, -1)
  const all = [...scanned.filter((one) => one.document === document).map((one) => one.path), ...former]
  const candidates = [
    ...all,
    ...all.map((other) => [...parent, other.at(-1) ?? '']),
    ...all.map((other) => [...other.slice(0, -1), name]),
    // of a Secret (https://kubernetes.io/docs/concepts/configuration/secret/)
    ...['data', 'stringData'].map((section) => [section, ...path.slice(1)]),
    // into or out of the mapping around it
    ...path.map((_, depth) => [...path.slice(0, depth), name]),
  ]
  const seen = new Set([pathData(path)])
  for (const candidate of candidates) {
    const data = pathData(candidate)
    if (seen.has(data)) continue
    if (seen.size > most) return undefined
    seen.add(data)
    if (decryptValue(ciphertext, key, data, 0) !== undefined) return candidate
  }
  return undefined
}
