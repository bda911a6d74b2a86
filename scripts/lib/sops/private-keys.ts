import { base64Forms } from './format.ts'

/** How every private key of age starts, that of a post-quantum identity too (age v1.3.1 parse.go ParseIdentity). */
const start = 'AGE-SECRET-KEY-'

/** What is in every text with a private key of age, also where it is a value of a Secret and so base64. */
export const privateKeyMarks: readonly string[] = [start, ...base64Forms(start)]

/** A private key in a text. */
export interface PrivateKey {
  /** The key. Never printed. */
  secret: string
  /** Where it starts in the text, or the base64 that it is in. */
  offset: number
}

/** The part behind the last `1` is of the 32 characters of Bech32, six of them the checksum. */
const written = /AGE-SECRET-KEY-(?:PQ-)?1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{50,}/g

/** Long enough for a key, on one line or on several as YAML folds them. */
const encoded = /[A-Za-z0-9+/]{40,}(?:\r?\n[ \t]+[A-Za-z0-9+/]+)*={0,2}/g

/**
 * Finds the private keys of age in a text, plain ones and those in base64. Only those whose checksum is right: what documentation
 * shows instead of a key is none.
 * @returns each place, the same key several times where it is there several times
 */
export async function privateKeysIn(text: string): Promise<PrivateKey[]> {
  const found = keysIn(text)
  if (privateKeyMarks.some((mark) => mark !== start && text.includes(mark)))
    for (const { 0: base64, index } of text.matchAll(encoded))
      for (const { secret } of keysIn(Buffer.from(base64, 'base64').toString('latin1')))
        found.push({ secret, offset: index })
  if (found.length === 0) return []
  const { bech32 } = await import('@scure/base')
  return found
    .filter(({ secret }) => bech32.decodeUnsafe(secret, false))
    .toSorted((a, b) => a.offset - b.offset)
}

function keysIn(text: string): PrivateKey[] {
  return [...text.matchAll(written)].map(({ 0: secret, index }) => ({ secret, offset: index }))
}

/**
 * The public key of a private one, worked out in this process.
 * @returns `undefined` where it is none after all
 */
export async function recipientOf(secret: string): Promise<string | undefined> {
  const { identityToRecipient } = await import('age-encryption')
  return identityToRecipient(secret).catch(() => undefined)
}
