import { realpathSync, statSync } from 'node:fs'
import { type Finding, finding } from '../../../findings/finding.ts'
import { MissingProgram, UserError } from '../../../lib/errors.ts'
import { type Identity, readIdentities } from '../../../lib/sops/age.ts'
import { type KeyOptions, type KeyPlace, keyPlaces } from '../../../lib/sops/key-places.ts'
import { keyPlaceOf } from '../../new-key/key-place.ts'
import { commentsIn, type IdentityComment } from './comments.ts'

/** A place that an identity is in. */
export interface RingPlace extends Pick<KeyPlace, 'source' | 'file'> {
  /** What the place says of the identity. */
  comment: IdentityComment
}

/** An identity that is at hand. */
export interface RingIdentity extends Identity {
  /** At least one, in the order in which they count. */
  places: readonly RingPlace[]
}

/** All identities that are at hand, each once, those first that are read without asking anybody. */
export interface KeyRing {
  identities: readonly RingIdentity[]
  /** The places that have none to give, though they should. */
  troubles: readonly Finding[]
}

/**
 * Reads all identities at hand, in all places where we and sops look (`keyPlaces`); each place once. sops adds its places up as well
 * (sops v3.13.3 age/keysource.go loadIdentities).
 * @throws UserError for the key of `keyFile`, where it can't be used; it never quotes it. MissingProgram without age-keygen. The reason
 *   of `signal` where that is aborted
 */
export async function readKeyRing(options: KeyOptions): Promise<KeyRing> {
  const { env, signal, keyFile, root, cwd } = options
  const places = distinct(keyPlaces(options))
  const named = keyFile === undefined ? undefined : places[0]
  const found = new Map<string, Identity & { places: RingPlace[] }>()
  const troubles: Finding[] = []
  for (const place of places.toSorted((a, b) => Number(b.isQuiet) - Number(a.isQuiet))) {
    try {
      const text = await place.read()
      const known = [...found.values()]
      const { identities } = await readIdentities(text, place.source, { env, signal, known })
      const comments = commentsIn(text)
      for (const identity of identities) {
        const one = found.get(identity.recipient) ?? { ...identity, places: [] }
        const comment = comments.get(identity.secret) ?? {}
        one.places.push({ source: place.source, file: place.file, comment })
        found.set(identity.recipient, one)
      }
    } catch (error) {
      signal.throwIfAborted()
      if (place === named || error instanceof MissingProgram || !(error instanceof UserError)) throw error
      const facts = { problem: error.message, remedy: error.hint ?? 'mend it, or do not name it' }
      const where = place.file === undefined ? { object: place.source } : keyPlaceOf(place.file, root ?? cwd)
      troubles.push(finding('key-place-unusable', where, facts))
    }
  }
  return { identities: [...found.values()], troubles }
}

/** A file that is found in two ways is one place: a pipe could not be read a second time. */
function distinct(places: readonly KeyPlace[]): KeyPlace[] {
  const nameOf = ({ file, source }: KeyPlace) => (file === undefined ? source : realPathOf(file))
  const names = places.map(nameOf)
  return places.filter((place, index) => names.indexOf(nameOf(place)) === index)
}

/** A path with its links resolved, where it is there. */
export function realPathOf(file: string): string {
  try {
    return realpathSync(file)
  } catch {
    return file
  }
}

/** The identity of a recipient. @returns `undefined` where it is not at hand */
export function identityIn({ identities }: KeyRing, recipient: string): RingIdentity | undefined {
  return identities.find((one) => one.recipient === recipient)
}

/** The first of the places of an identity that is a file with a name, and no pipe. */
export function filePlaceOf({ places }: RingIdentity): (RingPlace & { file: string }) | undefined {
  return places.find((place): place is RingPlace & { file: string } => isPlainFile(place.file))
}

/** Whether there is a file that a later run can read too; a pipe, as `<(command)` is one, is none. */
export function isPlainFile(file: string | undefined): boolean {
  return file !== undefined && (statSync(file, { throwIfNoEntry: false })?.isFile() ?? false)
}
