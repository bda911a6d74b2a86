import { createSecretKey, type KeyObject } from 'node:crypto'
import type { FileMetadata, OpenOptions, StanzaGroup } from '../reading.ts'
import { openAgeFile, readAgeFile, type X25519Identity, x25519Identity } from './age-file.ts'
import { combineShares } from './shamir.ts'

/** What came of opening the key groups of a file. */
export type DataKey =
  | { code: 'opened'; key: KeyObject }
  | { code: 'not-a-recipient'; damaged: readonly string[] }
  | { code: 'unsure'; reason: 'other-keys' | 'metadata'; damaged: readonly string[] }
  | { code: 'group-not-satisfied'; opened: number; needed: number; damaged: readonly string[] }

type Identities = NonNullable<OpenOptions['identities']>

/**
 * Gets the data key of a file: any key of a group opens it, and as many groups as the threshold says give it together
 * (sops v3.13.3 sops.go GetDataKeyWithKeyServices; a stanza is an armored age file, age/keysource.go).
 * @returns the key, which is a secret, or why there is none; `damaged`: recipients whose identity is there but does not open
 *   their stanza. `unsure`: keys of another kind may open it, or it is written in an unusual way.
 */
export async function openDataKey(
  { groups, threshold }: Pick<FileMetadata, 'groups' | 'threshold'>,
  identities: Identities,
): Promise<DataKey> {
  const opened = await Promise.all(groups.map((group) => openGroup(group, identities)))
  const damaged = opened.flatMap((group) => group.damaged)
  const parts = opened.flatMap(({ part }) => part ?? [])
  if (parts.length < threshold) {
    if (groups.some((group, index) => !opened[index]?.part && hasOtherKeys(group)))
      return { code: 'unsure', reason: 'other-keys', damaged }
    if (groups.some(({ age }) => age.some(({ enc }) => !usualArmor.test(enc))))
      return { code: 'unsure', reason: 'metadata', damaged }
    if (groups.length === 1 || parts.length === 0) return { code: 'not-a-recipient', damaged }
    return { code: 'group-not-satisfied', opened: parts.length, needed: threshold, damaged }
  }
  const key = groups.length === 1 ? parts[0] : combineShares(parts)
  if (key?.length !== 32) return { code: 'unsure', reason: 'metadata', damaged }
  return { code: 'opened', key: createSecretKey(key) }
}

/** As age writes it: parsers differ about all else. */
const usualArmor =
  /^-----BEGIN AGE ENCRYPTED FILE-----\n(?:[A-Za-z0-9+/]{64}\n)*[A-Za-z0-9+/]{1,64}={0,2}\n-----END AGE ENCRYPTED FILE-----\n?$/

/** Recipients of SSH and of plugins are none that `age-encryption` opens (sops v3.13.3 age/keysource.go parseRecipient). */
function hasOtherKeys({ age, others }: StanzaGroup): boolean {
  return others.length > 0 || age.some(({ recipient }) => !/^age1(?:pq1)?[^1]+$/.test(recipient))
}

interface Opened {
  part: Buffer | undefined
  damaged: string[]
}

/** The stanzas of our own recipients first, each with its identity; but the name of a recipient in the file may be wrong. */
async function openGroup({ age }: StanzaGroup, identities: Identities): Promise<Opened> {
  const own = age.flatMap(({ recipient, enc }) => {
    const identity = identities.find((one) => one.recipient === recipient)
    return identity ? { recipient, enc, identity } : []
  })
  for (const { enc, identity } of own) {
    const part = await unwrap(enc, identity)
    if (part) return { part, damaged: [] }
  }
  for (const { enc } of age)
    for (const identity of identities) {
      const part = await unwrap(enc, identity)
      if (part) return { part, damaged: [] }
    }
  return { part: undefined, damaged: own.map(({ recipient }) => recipient) }
}

/** @returns `undefined` where the identity does not open it, or it is damaged: age's errors do not always tell which */
async function unwrap(enc: string, identity: Identities[number]): Promise<Buffer | undefined> {
  if (!usualArmor.test(enc)) return undefined
  try {
    const file = identity.secret.startsWith('AGE-SECRET-KEY-1') && readAgeFile(enc)
    if (file) return openAgeFile(file, identityOf(identity))
    const { armor, Decrypter } = await import('age-encryption')
    const decrypter = new Decrypter()
    decrypter.addIdentity(identity.secret)
    return Buffer.from(await decrypter.decrypt(armor.decode(enc)))
  } catch {
    return undefined
  }
}

const known = new WeakMap<Identities[number], X25519Identity>()

/** Made once for an identity, and gone with it. */
function identityOf(identity: Identities[number]): X25519Identity {
  const made = known.get(identity) ?? x25519Identity(identity.secret)
  known.set(identity, made)
  return made
}
