import type { Identity } from '../../lib/sops/age.ts'
import { isDecryptionDisabled } from '../../lib/sops/format.ts'
import { openFile } from '../../lib/sops/reader/open-file.ts'
import {
  type FaultCode,
  harmlessFaults,
  type Reading,
  type SopsFormat,
} from '../../lib/sops/reader/reading.ts'
import { isMapping, type Mapping, valueAt } from '../../lib/yaml/values.ts'
import type { Unreadable } from './compared.ts'

/** The key at hand. Secret. */
export type Identities = readonly Identity[]

/** What does not stop Flux, which verifies no MAC (docs/decryption.md#what-is-decrypted). */
const notForFlux: ReadonlySet<FaultCode> = new Set([...harmlessFaults, 'mac-mismatch', 'mac-missing'])

/**
 * Decrypts a SOPS file as Flux does, in memory.
 * @returns what it holds, which is secret, or why it can't be read
 */
export async function decryptBytes(
  bytes: Buffer,
  format: SopsFormat,
  identities: Identities,
): Promise<{ reading: Reading } | { why: Unreadable }> {
  const reading = await openFile(bytes, '', { format, identities })
  const faults = new Set(reading.faults.map(({ code }) => code))
  if (faults.has('not-a-recipient') || faults.has('group-not-satisfied'))
    return { why: { code: 'no-identity' } }
  if (reading.verdict === 'needs-sops') return { why: { code: 'needs-sops' } }
  const [fault] = faults.difference(notForFlux)
  if (fault) return { why: { code: 'does-not-decrypt', fault } }
  return { reading }
}

/** Whether Flux decrypts an object as a whole after the build. */
export function isDecryptedWhole(object: Mapping): boolean {
  // an empty MAC is one (docs/decryption.md#what-is-decrypted)
  return typeof valueAt(object, 'sops', 'mac') === 'string' && !isDecryptionDisabled(object)
}

/**
 * Decrypts an object after the build, which is JSON then (kustomize-controller v1.9.4 decryptor.go DecryptResource).
 * @returns a copy in the clear, which is secret; or why it can't be read
 */
export async function decryptObject(
  object: Mapping,
  identities: Identities,
): Promise<{ clear: Mapping } | { why: Unreadable }> {
  const decrypted = await decryptBytes(Buffer.from(JSON.stringify(object)), 'json', identities)
  if ('why' in decrypted) return decrypted
  const clear = structuredClone(object)
  for (const { path, bytes, ciphertext } of decrypted.reading.values) {
    const parent = valueAt(clear, ...path.slice(0, -1))
    const key = path.at(-1)
    // what is in a list is no value of a Secret
    if (ciphertext && bytes && key !== undefined && isMapping(parent)) parent[key] = bytes.toString()
  }
  return { clear }
}
