import { CommandError } from '../../errors.ts'
import { type Identity, renderIdentities } from '../age.ts'
import { type DecryptOptions, decrypt } from '../decrypt.ts'
import type { SopsFormat } from '../reader/reading.ts'
import { sopsCodes } from '../sops.ts'

/**
 * What the real sops makes of a file with certain identities.
 *
 * - `decrypts`: it opens it, and the MAC is right
 * - `value`: a value does not decrypt, or is not encrypted
 * - `mac`: the MAC is wrong or missing
 * - `no-data-key`: these identities do not open it
 * - `unreadable`: it cannot read the file
 * - `late`: it did not end in time
 */
export type SopsJudgement = 'decrypts' | 'value' | 'mac' | 'no-data-key' | 'unreadable' | 'late'

/**
 * Has the real sops judge a file with these identities and no others. Of sops only the exit code counts: what it prints is a
 * secret, or may quote one, and goes nowhere.
 * @param path of the file
 * @throws MissingProgram without sops; the reason of the signal
 */
export async function judgeBySops(
  path: string,
  identities: readonly Identity[],
  options: DecryptOptions,
  format: SopsFormat,
): Promise<SopsJudgement> {
  try {
    await decrypt(path, renderIdentities(identities), options, format)
    return 'decrypts'
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    return error.code === null ? 'late' : (refusals.get(error.code) ?? 'unreadable')
  }
}

/** By the exit code. */
const refusals: ReadonlyMap<number, SopsJudgement> = new Map([
  [sopsCodes.decryptingTree, 'value'],
  [sopsCodes.macMismatch, 'mac'],
  [sopsCodes.macNotFound, 'mac'],
  [sopsCodes.noDataKey, 'no-data-key'],
])
