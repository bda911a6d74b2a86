import { remotesFor } from '../../lib/applied/same-repository.ts'
import type { GitRepository } from '../../lib/cluster/flux-objects.ts'
import { listRemoteBranches } from '../../lib/remote-branches.ts'
import type { Evidence } from '../evidence.ts'

/**
 * The branches that the remote of a source has, with their commits.
 * @returns `undefined` where it is not the remote of the repository at hand, or does not answer
 */
export async function branchesOf(
  source: GitRepository,
  { repository }: Evidence,
): Promise<Map<string, string> | undefined> {
  if (!repository) return undefined
  const { all, areSame } = await remotesFor(source, repository)
  const [remote] = all
  return areSame && remote !== undefined ? listRemoteBranches(repository, remote) : undefined
}
