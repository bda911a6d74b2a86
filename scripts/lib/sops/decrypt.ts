import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { CommandError } from '../errors.ts'
import type { Repository } from '../git.ts'
import { run } from '../run.ts'
import { abandonedDirectories, temporaryDirectory } from '../temporary-directory.ts'
import type { SopsFormat } from './reader/reading.ts'
import { sopsLimit } from './sops.ts'

/** What the directories of the pipes are called. */
const directoryName = 'flux-sops-key'

/** How a file is decrypted. */
export interface DecryptOptions extends Pick<Repository, 'env' | 'signal'> {
  /** Where sops runs, which reads the nearest `.sops.yaml` there or above even to decrypt; else where we run. */
  cwd?: string
}

/**
 * Decrypts a SOPS file with these identities and no others, whichever of its recipients they are: sops opens the key file
 * once for each recipient that it tries.
 * @param identities age identities, one a line. A secret: sops reads them from a named pipe in a private directory.
 * @param format of the file and of what is returned, else the name tells what it is
 * @returns the plaintext, as YAML without `format`. It is a secret.
 * @throws CommandError with the redacted stderr of sops where it cannot be decrypted or its MAC is wrong; it does not say where
 *   sops has looked for other keys
 */
export async function decrypt(
  file: string,
  identities: string,
  { env, signal, cwd }: DecryptOptions,
  format?: SopsFormat,
): Promise<string> {
  // of calls that were killed: their pipes are empty
  for (const left of abandonedDirectories(directoryName, resolve(tmpdir())))
    rmSync(left, { recursive: true, force: true })
  const directory = temporaryDirectory(directoryName)
  const inputFile = join(directory, 'identities')
  const types = [...(format ? ['--input-type', format] : []), '--output-type', format ?? 'yaml']
  try {
    return await run(['sops', 'decrypt', ...types, file], {
      ...(cwd !== undefined && { cwd }),
      input: identities,
      inputFile,
      env: { PATH: env.PATH, HOME: '/nonexistent', SOPS_AGE_KEY_FILE: inputFile },
      signal,
      timeout: sopsLimit,
    })
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    throw new CommandError(withoutPlaces(error.message), error.code, withoutPlaces(error.stderr))
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Without the places of other keys, which sops has in an environment of ours only (sops v3.13.3 age/keysource.go formatError). */
function withoutPlaces(text: string): string {
  const sentence = 'Did not find keys in location'.replaceAll(' ', '[\\s|]+')
  return text.replace(new RegExp(`[\\s|]*${sentence}[\\s\\S]*?'\\.(?=\\s|$)`, 'g'), '')
}
