import type { FluxUse } from '../../lib/applied/flux-use.ts'
import { follow } from '../../lib/applied/same-repository.ts'
import { withoutCredentials } from '../../lib/git/git.ts'
import { type KeyChange, opens } from './change.ts'
import type { SecretUsers } from './outage.ts'

/** Why the cluster may be another one than the user means. */
export type WrongCluster =
  /** `urls`: of its GitRepositories, without credentials. None of them is this repository. */
  | { code: 'other-repositories'; urls: string[] }
  /** `recipients`: of the Secret, which no file and no rule of this repository names. */
  | { code: 'unknown-identities'; recipients: string[] }

/**
 * Looks for signs that a cluster has nothing to do with the repository that the user stands in.
 * @returns `undefined` without a sign, and outside of a repository
 */
export async function findWrongCluster(
  change: KeyChange,
  use: FluxUse | undefined,
  { applied, tree }: SecretUsers,
): Promise<WrongCluster | undefined> {
  if (!tree) return undefined
  if (use && use.sources.length > 0 && !(await follow(use.sources, tree.repository)))
    return { code: 'other-repositories', urls: urlsOf(use) }
  // what the cluster builds of this repository is proof enough: a rotation may have come as far as to need just this key
  if (change.before.size === 0 || applied?.files.some(({ documents }) => opens(change, documents)))
    return undefined
  const known = await tree.recipients()
  return change.before.isDisjointFrom(known)
    ? { code: 'unknown-identities', recipients: [...change.before] }
    : undefined
}

function urlsOf({ sources }: FluxUse): string[] {
  return [...new Set(sources.map(({ spec }) => withoutCredentials(spec.url)))]
}
