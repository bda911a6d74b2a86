import { ciphertextStart } from '../../../../lib/sops/format.ts'
import { sopsFormatOf } from '../../../../lib/sops/reader/read-tree.ts'
import type { FileMetadata, Reading } from '../../../../lib/sops/reader/reading.ts'
import { selectionBy } from '../../../../lib/sops/reader/selection.ts'
import { Unsure } from '../../../../lib/sops/reader/unsure.ts'
import { digestOf, readPlain } from '../plaintext/plain-content.ts'

/** The path of a value, and a digest of it: nothing keeps the value itself. */
export type ValueDigest = readonly [path: string, digest: string]

/** How the value of a file is called that is one as a whole. */
const wholeFile = 'the whole file'

/**
 * The values of a text in the clear that would be encrypted by a setting and may be secrets.
 * @returns none where the text can't be read, as of a template
 */
export function plainDigests(text: string, file: string, selector: FileMetadata['selector']): ValueDigest[] {
  if (text.includes(ciphertextStart) || text.trim() === '') return []
  const bytes = Buffer.from(text)
  if (sopsFormatOf(file) === 'binary') return [[wholeFile, digestOf(bytes)]]
  try {
    const isSelected = selectionBy(selector)
    const values = readPlain(bytes, file)?.values ?? []
    return values
      .filter(({ path }) => isSelected(path, [], false))
      .map(({ path, digest }) => [path.join('.'), digest])
  } catch (error) {
    // of the setting
    if (error instanceof Unsure) return []
    throw error
  }
}

/** The values of a SOPS file that were decrypted, in the same form. */
export function digestsOf({ format, values }: Pick<Reading, 'format' | 'values'>): ValueDigest[] {
  return values.flatMap(({ path, bytes, ciphertext }): ValueDigest[] => {
    if (!bytes || !ciphertext) return []
    return [[format === 'binary' ? wholeFile : path.join('.'), digestOf(bytes)]]
  })
}
