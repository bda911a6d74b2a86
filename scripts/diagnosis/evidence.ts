import { type Decrypted, findDecryptedFiles } from '../lib/applied/decrypted-files.ts'
import type { Caller } from '../lib/caller.ts'
import type { GitRepository } from '../lib/cluster/flux-objects.ts'
import type { Repository } from '../lib/git.ts'
import type { Identity } from '../lib/sops/age.ts'
import type { Snapshot } from './snapshot/snapshot.ts'

/** All that a diagnosis may look at. */
export interface Evidence {
  snapshot: Snapshot
  /** The one that the user stands in; `undefined` outside of one. */
  repository: Repository | undefined
  /** The key at hand; `undefined`: none was found. Secret. */
  identities: readonly Identity[] | undefined
  /** The files that the Kustomizations decrypt, at the revisions that they have applied, have tried or are about to apply. Found once. */
  decrypted(): Promise<Decrypted>
  env: NodeJS.ProcessEnv
  signal: AbortSignal | undefined
}

/** @returns the evidence; of the repository nothing is read before it is asked for */
export function gatherEvidence(
  snapshot: Snapshot,
  repository: Repository | undefined,
  identities: readonly Identity[] | undefined,
  { env, signal }: Pick<Caller, 'env' | 'signal'>,
): Evidence {
  let found: Promise<Decrypted> | undefined
  const sources = [...snapshot.sources].flatMap(([key, source]) =>
    key.startsWith('GitRepository ') ? [source as GitRepository] : [],
  )
  const decrypting = [...snapshot.kustomizations.values()].filter(({ spec }) => spec.decryption)
  return {
    snapshot,
    repository,
    identities,
    env,
    signal,
    decrypted() {
      found ??= findDecryptedFiles(decrypting, sources, repository)
      return found
    },
  }
}
