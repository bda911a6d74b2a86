import { type Identity, readIdentities } from './age.ts'
import { type KeyOptions, type KeyPlace, keyPlaces } from './key-places.ts'

/** A key that was found. */
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
