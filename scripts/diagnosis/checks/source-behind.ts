import { finding } from '../../findings/finding.ts'
import {
  branchOf,
  commitOf,
  type GitRepository,
  idOf,
  lastFailureOf,
} from '../../lib/cluster/flux-objects.ts'
import { shortCommit } from '../../lib/git/git.ts'
import type { ClusterCheck } from '../check.ts'
import type { Diagnosis } from '../diagnosis.ts'
import type { Evidence } from '../evidence.ts'
import { branchesOf } from '../repository/remote-branches.ts'
import { snapshotKeyOf } from '../snapshot/snapshot.ts'

/**
 * Finds the sources that do not fetch, and whose branch has moved on. The remote is asked only where it is that of the repository
 * at hand, and only for these.
 */
export const checkSourcesBehind: ClusterCheck = async (evidence) => {
  const all = [...evidence.snapshot.sources].filter(([key]) => key.startsWith('GitRepository '))
  const still = all
    .map(([key, source]) => [key, source as GitRepository] as const)
    .filter(([, source]) => source.spec.suspend || lastFailureOf(source))
  const found = await Promise.all(still.map(([key, source]) => behind(key, source, evidence)))
  return found.flat()
}

async function behind(key: string, source: GitRepository, evidence: Evidence): Promise<Diagnosis[]> {
  const { revision } = source.status?.artifact ?? {}
  const has = commitOf(revision)
  const branch = branchOf(source)
  if (has === undefined || branch === undefined) return []
  const commit = (await branchesOf(source, evidence))?.get(branch)
  if (commit === undefined || commit === has) return []
  const users = [...evidence.snapshot.kustomizations.values()].filter((one) => snapshotKeyOf(one) === key)
  return [
    {
      finding: finding(
        'source-behind',
        { object: `gitrepository ${idOf(source)}` },
        { has: shortCommit(has), branch, commit: shortCommit(commit) },
      ),
      stops: users.map(idOf),
    },
  ]
}
