import { finding } from '../../../findings/finding.ts'
import { commitOf, type GitRepository, idOf } from '../../../lib/cluster/flux-objects.ts'
import { shortCommit, withoutCredentials } from '../../../lib/git/git.ts'
import type { Branch } from '../branch/branch.ts'
import { compareUrl } from '../branch/same-remote.ts'
import { notChecked } from '../findings/verdict.ts'
import type { Target } from './target.ts'

/** What has to be known of the branch. */
type KnownBranch = Pick<Branch, 'remote' | 'tip' | 'tipAt' | 'has' | 'contains'>

/**
 * Sees to it that the cluster follows this repository, and that git fetches from it and pushes to it: a commit pushed to another
 * one would never arrive, and would stay there.
 * @param given name or URL of the remote, as the user called it
 * @throws Verdict
 */
export async function requireSameRepository(
  branch: KnownBranch,
  { source }: Pick<Target, 'source'>,
  given: string,
): Promise<void> {
  const commit = `${commitOf(source.status?.artifact?.revision)}`
  const remote = withoutCredentials(given)
  const url = withoutCredentials(source.spec.url)
  if (!(await branch.has(commit)))
    throw notChecked(
      finding(
        'other-repository',
        { object: `gitrepository ${idOf(source)}` },
        { commit: shortCommit(commit), url, remote },
      ),
    )
  const { fetchUrl, pushUrls } = branch.remote
  for (const other of new Set([fetchUrl, ...pushUrls])) {
    if (await isSame(branch, other, source, commit)) continue
    const facts = {
      does: pushUrls.includes(other) ? 'pushes to' : 'fetches from',
      other: withoutCredentials(other),
      source: idOf(source),
      url,
    }
    throw notChecked(finding('other-remote', { object: `remote ${remote}` }, facts))
  }
}

async function isSame(
  branch: KnownBranch,
  url: string,
  { spec }: GitRepository,
  commit: string,
): Promise<boolean> {
  const tells = compareUrl(url, spec.url, branch.remote)
  if (tells === 'other-host') return (await branch.tipAt(url)) === branch.tip
  // the object store may have the commit from elsewhere
  if (tells === 'only-one') return branch.contains(branch.tip, commit)
  return tells === 'same'
}
