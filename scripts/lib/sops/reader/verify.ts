import { createHash } from 'node:crypto'
import { type Ciphertext, decryptValue, parseCiphertext } from './ciphertext.ts'
import type { FileMetadata } from './reading.ts'
import { Unsure } from './unsure.ts'

/** The SHA-256 of `sops`, so that a MAC of encrypted values only is never one of all (sops v3.13.3 sops.go). */
const onlyEncrypted = createHash('sha256').update('sops').digest()

/**
 * Compares the MAC of a file with its values (sops v3.13.3 sops.go Decrypt, cmd/sops/common/common.go DecryptTree).
 * @param values the bytes of the values that count, in the order of sops
 * @returns `undefined` where it is right
 * @throws Unsure where it is no ciphertext of a text
 */
export function macFault(
  metadata: FileMetadata,
  key: Buffer,
  values: readonly Buffer[],
  offset: number,
): 'mac-missing' | 'mac-mismatch' | undefined {
  if (metadata.mac === '') return 'mac-missing'
  const stored: Ciphertext | undefined = parseCiphertext(metadata.mac, offset)
  if (!stored) return 'mac-mismatch'
  if (stored.type !== 'str') throw new Unsure('ciphertext', offset)
  const expected = decryptValue(stored, key, metadata.lastModified, offset)?.toString()
  const hash = createHash('sha512')
  if (metadata.macOnlyEncrypted) hash.update(onlyEncrypted)
  for (const bytes of values) hash.update(bytes)
  return expected === hash.digest('hex').toUpperCase() ? undefined : 'mac-mismatch'
}
