import { UserError } from '../errors.ts'
import { type Identity, readIdentities } from './age.ts'
import { type KeyOptions, type KeyPlace, keyPlaces, otherKeyPlaces } from './key-places.ts'

/** An age key as it was found. */
export interface FoundKey extends Pick<KeyPlace, 'source' | 'file'> {
  /** What was found, unchecked. It is a secret. */
  text: string
}

/**
 * Finds the age private key: that of the first of the places that have one (`keyPlaces`).
 * @returns undefined where there is none
 * @throws UserError where the first that is named cannot be read; the reason of `signal` where that is aborted
 */
export async function findKey(options: KeyOptions): Promise<FoundKey | undefined> {
  const [place] = keyPlaces(options)
  return place && { source: place.source, file: place.file, text: await place.read() }
}

/** As `findKey`. @throws UserError where there is no key at all, with all places that were looked at */
export async function requireKey(options: KeyOptions): Promise<FoundKey> {
  const found = await findKey(options)
  if (found) return found
  const places = new Intl.ListFormat('en-GB', { type: 'disjunction' }).format(otherKeyPlaces)
  throw new UserError(`no age private key found: not in ${places}`, {
    hint: 'ask a colleague for it and save it as .age-key.txt, or name its file in SOPS_AGE_KEY_FILE; where there is none yet, `mise run sops:init` makes one',
  })
}

/** As `requireKey`, read. @throws UserError for a key that can't be used as well; it never quotes it */
export async function requireIdentities(
  options: KeyOptions,
): Promise<{ identities: readonly Identity[]; source: string }> {
  const { text, source } = await requireKey(options)
  const { env, signal } = options
  const { identities } = await readIdentities(text, source, { env, signal })
  return { identities, source }
}

/** A key that can be used without asking anybody. */
export interface KeyAtHand {
  /** Secret. */
  identities: readonly Identity[]
  place: KeyPlace
}

/**
 * The key that the user has named, or one that can be read without asking anybody for anything.
 * @returns `undefined` where there is none
 * @throws UserError for a key that was found and can't be used; it never quotes it
 */
export async function keyAtHand(options: KeyOptions): Promise<KeyAtHand | undefined> {
  const { keyFile, env, signal } = options
  const places = keyPlaces(options)
  const place = keyFile === undefined ? places.find(({ isQuiet }) => isQuiet) : places[0]
  if (!place) return undefined
  const { identities } = await readIdentities(await place.read(), place.source, { env, signal })
  return { identities, place }
}
