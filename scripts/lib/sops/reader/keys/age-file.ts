import {
  createDecipheriv,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  diffieHellman,
  hkdfSync,
  type KeyObject,
} from 'node:crypto'
import { bech32 } from '@scure/base'

/** An age file as sops has it made: for one recipient of X25519, and small. */
export interface AgeFile {
  /** What the MAC is of. */
  header: string
  /** The public key that was made for this file alone. */
  share: Buffer
  /** The key of the file, encrypted. */
  body: Buffer
  mac: Buffer
  nonce: Buffer
  /** With its tag. */
  payload: Buffer
}

/** An age identity of X25519. */
export interface X25519Identity {
  /** Never printed. */
  privateKey: KeyObject
  publicKey: Buffer
}

/** 32 bytes in base64 without padding, the bits that are left over being 0. */
const base64 = '([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048])'
const usual = new RegExp(`^(age-encryption\\.org/v1\\n-> X25519 ${base64}\\n${base64}\\n---) ${base64}\\n`)
const tagLength = 16
const nonceLength = 16
/** Of a payload in one piece (https://c2sp.org/age, Payload). */
const most = 64 * 1024 + tagLength

/**
 * Reads an armored age file (https://c2sp.org/age).
 * @param armored with the marks of its begin and end
 * @returns `undefined` where it is written otherwise than for one recipient of X25519: it may be an age file nevertheless
 */
export function readAgeFile(armored: string): AgeFile | undefined {
  const text = armored
    .replace(/^-----BEGIN [A-Z ]+-----\n|\n-----END [A-Z ]+-----\n?$/g, '')
    .replaceAll('\n', '')
  const file = Buffer.from(text, 'base64')
  if (file.toString('base64') !== text) return undefined
  const [start, header = '', ...fields] = usual.exec(file.toString('latin1')) ?? []
  const rest = file.subarray(start?.length ?? file.length)
  if (rest.length < nonceLength + tagLength || rest.length > nonceLength + most) return undefined
  const [share, body, mac] = fields.map((field) => Buffer.from(field, 'base64'))
  if (!share || !body || !mac) return undefined
  return {
    header,
    share,
    body,
    mac,
    nonce: rest.subarray(0, nonceLength),
    payload: rest.subarray(nonceLength),
  }
}

/** What is before a private and a public key of X25519 in DER (RFC 8410, sections 7 and 4). */
const pkcs8 = Buffer.from('302e020100300506032b656e04220420', 'hex')
const spki = Buffer.from('302a300506032b656e032100', 'hex')

/** @param secret `AGE-SECRET-KEY-1…` */
export function x25519Identity(secret: string): X25519Identity {
  const { bytes } = bech32.decodeToBytes(secret)
  const privateKey = createPrivateKey({ key: Buffer.concat([pkcs8, bytes]), format: 'der', type: 'pkcs8' })
  const publicKey = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
  return { privateKey, publicKey: publicKey.subarray(spki.length) }
}

/**
 * Decrypts an age file with the cryptography of Node (https://c2sp.org/age).
 * @returns what is in it, a secret; `undefined` where it is for another identity, or damaged
 */
export function openAgeFile(
  { header, share, body, mac, nonce, payload }: AgeFile,
  { privateKey, publicKey }: X25519Identity,
): Buffer | undefined {
  try {
    const shared = createSecretKey(diffieHellman({ privateKey, publicKey: publicKeyOf(share) }))
    const salt = Buffer.concat([share, publicKey])
    const fileKey = createSecretKey(open(body, derive(shared, salt, 'age-encryption.org/v1/X25519'), 0))
    const right = createHmac('sha256', derive(fileKey, Buffer.alloc(0), 'header'))
      .update(header)
      .digest()
    return right.equals(mac) ? open(payload, derive(fileKey, nonce, 'payload'), 1) : undefined
  } catch {
    return undefined
  }
}

/** From PEM: of an object Node takes longer to see that it is no `KeyObject` than to read it (v24.21 `isKeyObject`). */
function publicKeyOf(bytes: Buffer): KeyObject {
  const text = Buffer.concat([spki, bytes]).toString('base64')
  return createPublicKey(`-----BEGIN PUBLIC KEY-----\n${text}\n-----END PUBLIC KEY-----\n`)
}

/** As a `KeyObject`, for the same reason. */
function derive(key: KeyObject, salt: Buffer, label: string): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', key, salt, label, 32)))
}

/** @param last the last byte of the nonce, the others being 0 @throws where it does not authenticate */
function open(bytes: Buffer, key: KeyObject, last: 0 | 1): Buffer {
  const nonce = Buffer.alloc(12)
  nonce[11] = last
  const decipher = createDecipheriv('chacha20-poly1305', key, nonce, { authTagLength: tagLength })
  decipher.setAuthTag(bytes.subarray(-tagLength))
  return Buffer.concat([decipher.update(bytes.subarray(0, -tagLength)), decipher.final()])
}
