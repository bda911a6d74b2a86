import { listRemoteBranches } from '../../lib/applied/remote-branches.ts'
import { remotesFor } from '../../lib/applied/same-repository.ts'
import type { GitRepository } from '../../lib/cluster/flux-objects.ts'
import type { Evidence } from '../evidence.ts'

type Branches = Promise<Map<string, string> | undefined>

const asked = new WeakMap<Evidence, Map<string, Branches>>()

/**
 * The branches that the remote of a source has, with their commits. Each remote is asked once.
 * @returns `undefined` where it is not a remote of the repository at hand, or does not answer
 */
export async function branchesOf(source: GitRepository, evidence: Evidence): Branches {
  const { repository } = evidence
  if (!repository) return undefined
  const { all, areSame } = await remotesFor(source, repository)
  const [remote] = all
  if (!areSame || remote === undefined) return undefined
  const known = asked.get(evidence) ?? new Map<string, Branches>()
  asked.set(evidence, known)
  const branches = known.get(remote) ?? listRemoteBranches(repository, remote)
  known.set(remote, branches)
  return branches
}
