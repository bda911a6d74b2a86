import type { Repository } from '../git/git.ts'
import { failure } from '../program.ts'
import { withIsolatedSops } from './files/isolated-sops.ts'
import type { SopsFormat } from './reader/reading.ts'
import { sopsLimit } from './sops.ts'

/** How a file is decrypted. */
export interface DecryptOptions extends Pick<Repository, 'env' | 'signal'> {
  /** Where sops runs, which reads the nearest `.sops.yaml` there or above even to decrypt; else where we run. */
  cwd?: string
}

/**
 * Decrypts a SOPS file with these identities and no others, whichever of its recipients they are.
 * @param identities age identities, one a line. A secret: sops reads them from a named pipe in a private directory.
 * @param format of the file and of what is returned, else the name tells what it is
 * @returns the plaintext, as YAML without `format`. It is a secret.
 * @throws CommandError with the redacted stderr of sops where it cannot be decrypted or its MAC is wrong; it does not say where
 *   sops has looked for other keys
 */
export async function decrypt(
  file: string,
  identities: string,
  options: DecryptOptions,
  format?: SopsFormat,
): Promise<string> {
  const types = [...(format ? ['--input-type', format] : []), '--output-type', format ?? 'yaml']
  const args = ['decrypt', ...types, file]
  return withIsolatedSops(identities, async (sops) => {
    const outcome = await sops.attempt(args, options)
    if (outcome.code !== 0) throw failure(['sops', ...args], outcome, sopsLimit)
    return outcome.stdout
  })
}
