import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Repository } from '../git.ts'
import { run } from '../run.ts'
import { temporaryDirectory } from '../temporary-directory.ts'
import { sopsLimit } from './sops.ts'

/**
 * Decrypts a SOPS file with these identities and no others, whichever of its recipients they are: sops opens the key file
 * once for each recipient that it tries.
 * @param identities age identities, one a line. A secret: sops reads them from a named pipe in a private directory.
 * @returns the plaintext as YAML. It is a secret.
 * @throws CommandError with the redacted stderr of sops where it cannot be decrypted or its MAC is wrong
 */
export async function decrypt(
  file: string,
  identities: string,
  { env, signal }: Pick<Repository, 'env' | 'signal'>,
): Promise<string> {
  const directory = temporaryDirectory('flux-sops-key')
  const inputFile = join(directory, 'identities')
  try {
    return await run(['sops', 'decrypt', '--output-type', 'yaml', file], {
      input: identities,
      inputFile,
      env: { PATH: env.PATH, HOME: '/nonexistent', SOPS_AGE_KEY_FILE: inputFile },
      signal,
      timeout: sopsLimit,
    })
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
