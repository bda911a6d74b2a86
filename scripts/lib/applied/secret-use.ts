import type { Kustomization } from '../cluster/flux-objects.ts'
import type { Repository } from '../git/git.ts'
import { type Decrypted, findDecryptedFiles } from './decrypted-files.ts'
import { type FluxUse, usersOf } from './flux-use.ts'

/** What a cluster decrypts with a key Secret. */
export interface SecretUse extends Decrypted {
  /** The Kustomizations that may use it; none of them is known to use it where this is empty. */
  users: readonly Kustomization[]
}

/**
 * Finds the files that a cluster decrypts with a Secret: those that the Kustomizations which use it build, at the revisions
 * that they have applied.
 * @param use `undefined` where the user may not list the Kustomizations
 * @param repository `undefined` outside of one
 * @returns `undefined` where the cluster says nothing of the Secret
 */
export async function readSecretUse(
  use: FluxUse | undefined,
  secret: { namespace: string; name: string },
  repository: Repository | undefined,
): Promise<SecretUse | undefined> {
  const users = use ? usersOf(use, secret) : []
  if (!use || users.length === 0) return undefined
  return { users, ...(await findDecryptedFiles(users, use.sources, repository)) }
}
