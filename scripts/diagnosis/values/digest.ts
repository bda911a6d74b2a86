import { createHmac, randomBytes } from 'node:crypto'

/** The digest of a value, for one place in one object. */
export type Digest = (place: string, value: Buffer) => string

/**
 * @returns an HMAC-SHA-256 with a random key that is gone with it. Short passwords are found by trying where a plain digest of
 *   them is published; and two places with the same value have different digests.
 */
export function makeDigest(): Digest {
  const key = randomBytes(32)
  return (place, value) => createHmac('sha256', key).update(JSON.stringify(place)).update(value).digest('hex')
}
