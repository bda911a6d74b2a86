import { remotesFor } from '../../lib/applied/same-repository.ts'
import { readWholeRevision, type WholeRevision } from '../../lib/applied/whole-revision.ts'
import { commitOf, type GitRepository, type Kustomization } from '../../lib/cluster/flux-objects.ts'
import type { Repository } from '../../lib/git.ts'
import { fetchCommit } from '../../lib/git-objects.ts'
import { type Snapshot, snapshotKeyOf } from '../snapshot/snapshot.ts'

/** The revision that a Kustomization is to apply; `undefined` where it is not known, or not of the repository at hand. */
export type RevisionOf = (kustomization: Kustomization) => Promise<WholeRevision | undefined>

/** @returns reads each revision once */
export function makeRevisionOf({ sources }: Snapshot, repository: Repository | undefined): RevisionOf {
  const known = new Map<string, Promise<WholeRevision | undefined>>()
  return async (kustomization) => {
    const key = snapshotKeyOf(kustomization)
    const source = key.startsWith('GitRepository ')
      ? (sources.get(key) as GitRepository | undefined)
      : undefined
    if (!source || !repository) return undefined
    const { status } = kustomization
    const commit = commitOf(source.status?.artifact?.revision ?? status?.lastAttemptedRevision)
    if (commit === undefined) return undefined
    const revision = known.get(`${key} ${commit}`) ?? read(source, commit, repository)
    known.set(`${key} ${commit}`, revision)
    return revision
  }
}

/** Only of a source whose artifacts hold nothing else than its repository. */
async function read(
  source: GitRepository,
  commit: string,
  repository: Repository,
): Promise<WholeRevision | undefined> {
  if (source.spec.recurseSubmodules || source.spec.include?.length) return undefined
  const { all } = await remotesFor(source, repository)
  return (await fetchCommit(repository, commit, all))
    ? readWholeRevision(repository, commit, source)
    : undefined
}
