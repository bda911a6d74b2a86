import { UserError } from '../../lib/errors.ts'
import { readIdentities } from '../../lib/sops/age.ts'
import { type KeyOptions, keyPlaces } from '../../lib/sops/key-places.ts'

/** A place that has a key. */
export interface KeyAt {
  /** For people. */
  source: string
  recipients: string[]
}

/**
 * Looks for a place whose key fits, among those where a key is looked for. The command of the user is not run, and stdin not
 * read.
 * @param used the place that the key was taken from
 * @param fits whether the recipients of a key do
 * @returns the first one; `undefined` where no other one fits
 * @throws the reason of `signal` where that is aborted; never for a place that cannot be read
 */
export async function findFittingPlace(
  used: string,
  fits: (recipients: ReadonlySet<string>) => boolean,
  options: KeyOptions,
): Promise<KeyAt | undefined> {
  const { env, signal } = options
  for (const { source, read, isQuiet } of keyPlaces(options)) {
    if (!isQuiet || source === used) continue
    try {
      const { identities } = await readIdentities(await read(), source, { env, signal })
      const recipients = identities.map(({ recipient }) => recipient)
      if (fits(new Set(recipients))) return { source, recipients }
    } catch (error) {
      signal.throwIfAborted()
      // a place without a good key does not fit
      if (!(error instanceof UserError)) throw error
    }
  }
  return undefined
}
