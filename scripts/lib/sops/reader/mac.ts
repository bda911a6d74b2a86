import { createHash, type KeyObject } from 'node:crypto'
import { decryptValue, parseCiphertext } from './ciphertext.ts'
import type { FileMetadata } from './reading.ts'
import { Unsure } from './unsure.ts'

/** The SHA-256 of `sops`, so that a MAC of encrypted values only is never one of all (sops v3.13.3 sops.go). */
const onlyEncrypted = createHash('sha256').update('sops').digest()

/**
 * Compares the MAC of a file with its values (sops v3.13.3 sops.go Decrypt, cmd/sops/common/common.go DecryptTree).
 * @param metadata with a MAC
 * @param key the data key
 * @param values the bytes of the values that count, in the order of sops
 * @throws Unsure where it is no ciphertext of a text
 */
export function isMacRight(
  { mac, macOnlyEncrypted, lastModified }: FileMetadata,
  key: KeyObject,
  values: readonly Buffer[],
  offset: number,
): boolean {
  const stored = parseCiphertext(mac, offset)
  if (!stored) return false
  if (stored.type !== 'str') throw new Unsure('ciphertext', offset)
  const hash = createHash('sha512')
  if (macOnlyEncrypted) hash.update(onlyEncrypted)
  for (const bytes of values) hash.update(bytes)
  const expected = decryptValue(stored, key, lastModified, offset)?.toString()
  return expected === hash.digest('hex').toUpperCase()
}
