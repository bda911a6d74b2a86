import { createDecipheriv, type KeyObject } from 'node:crypto'
import type { ValueType } from './reading.ts'
import { Unsure } from './unsure.ts'

/** A value as it is written when it is encrypted. */
export interface Ciphertext {
  /** With the tag behind it. */
  data: Buffer
  iv: Buffer
  type: Exclude<ValueType, 'null'>
}

const base64 = '((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)'
const usual = new RegExp(
  `^ENC\\[AES256_GCM,data:${base64},iv:${base64},tag:${base64},type:(str|int|float|bool|bytes|time|comment)\\][^\\]]*$`,
)
/** What sops takes for a ciphertext: what is behind the bracket does not count (sops v3.13.3 aes/cipher.go encre). */
const possible = /^ENC\[AES256_GCM,data:.+,iv:.+,tag:.+,type:.+\]/

/**
 * Reads a value as ciphertext.
 * @returns `undefined` where sops takes it for none
 * @throws Unsure where it is written in an unusual way
 */
export function parseCiphertext(text: string, offset: number): Ciphertext | undefined {
  if (!possible.test(text)) return undefined
  const [, data = '', iv = '', tag = '', type = ''] = usual.exec(text) ?? []
  if (data === '' || iv === '' || tag === '') throw new Unsure('ciphertext', offset)
  const bytes = Buffer.concat([Buffer.from(data, 'base64'), Buffer.from(tag, 'base64')])
  const parsed: Ciphertext = { data: bytes, iv: Buffer.from(iv, 'base64'), type: type as Ciphertext['type'] }
  if (parsed.iv.length !== 32) throw new Unsure('ciphertext', offset)
  return parsed
}

const tagLength = 16

/**
 * Decrypts a value (sops v3.13.3 aes/cipher.go Decrypt): AES-256-GCM, the path is authenticated with it.
 * @param key the data key, 32 bytes
 * @param additional what is authenticated: `pathData` of a value, the time of a MAC
 * @returns the bytes, as sops hands them to the MAC: a secret. `undefined` where they do not authenticate.
 * @throws Unsure where a number, a truth value or a time is not as sops writes it
 */
export function decryptValue(
  { data, iv, type }: Ciphertext,
  key: KeyObject,
  additional: string,
  offset: number,
): Buffer | undefined {
  if (data.length < tagLength) return undefined
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: tagLength })
  decipher.setAAD(Buffer.from(additional))
  decipher.setAuthTag(data.subarray(-tagLength))
  const start = decipher.update(data.subarray(0, -tagLength))
  try {
    const bytes = Buffer.concat([start, decipher.final()])
    return canonical(bytes, type, offset)
  } catch (error) {
    if (error instanceof Unsure) throw error
    return undefined
  }
}

/** What is authenticated with a value. */
export function pathData(path: readonly string[]): string {
  return `${path.join(':')}:`
}

const written: Partial<Record<ValueType, (text: string) => boolean>> = {
  int: (text) => /^(0|-?[1-9]\d*)$/.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text),
  float: (text) => /^-?\d+(\.\d+)?$/.test(text) && formatFloat(Number(text)) === text,
  time: (text) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d*[1-9])?(Z|[+-](?!00:00)\d\d:\d\d)$/.test(text),
}

/** sops reads a value by its type and writes it again for the MAC: what comes out is the same only where it is as sops writes it. */
function canonical(bytes: Buffer, type: ValueType, offset: number): Buffer {
  if (type === 'bool') {
    const text = bytes.toString()
    if (['True', 'true'].includes(text)) return Buffer.from('True')
    if (['False', 'false'].includes(text)) return Buffer.from('False')
    throw new Unsure('ciphertext', offset)
  }
  if (written[type]?.(bytes.toString()) === false) throw new Unsure('ciphertext', offset)
  return bytes
}

/**
 * A float as sops writes it into the MAC and before encryption: `strconv.FormatFloat(value, 'f', -1, 64)`, the shortest digits
 * that tell it, without an exponent (sops v3.13.3 sops.go ToBytes).
 * @param value finite
 */
export function formatFloat(value: number): string {
  if (Object.is(value, -0)) return '-0'
  const [digits, exponent] = String(value).split('e') as [string, string?]
  if (exponent === undefined) return digits
  const [, sign, whole, fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(digits)!
  const point = whole!.length + Number(exponent)
  const all = whole! + fraction
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${all}`
  return `${sign}${all.padEnd(point, '0')}`
}
