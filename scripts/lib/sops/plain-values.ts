import { placesIn } from './reader/places.ts'
import { readTree, sopsFormatOf, textOfFile } from './reader/read-tree.ts'
import type { ReadValue } from './reader/reading.ts'
import { scanPlain } from './reader/scan.ts'
import { Unsure } from './reader/unsure.ts'

/**
 * The values of a file that is not encrypted, in the form of those of a SOPS file.
 * @param name tells the format
 * @returns `undefined` where the reader is not sure of the file. The `bytes` may be secrets that nobody has encrypted
 */
export function plainValues(bytes: Buffer, name: string): ReadValue[] | undefined {
  try {
    const text = textOfFile(bytes)
    const placeOf = placesIn(text)
    return readTree(text, sopsFormatOf(name)).flatMap((branch, document) =>
      scanPlain(branch).map(({ offset, ...value }) => ({
        document,
        ...value,
        selected: false,
        ciphertext: false,
        ...placeOf(offset),
      })),
    )
  } catch (error) {
    // a RangeError: too deep for our stack
    if (error instanceof Unsure || error instanceof RangeError) return undefined
    throw error
  }
}
