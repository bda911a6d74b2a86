import { type Finding, finding } from '../../../findings/finding.ts'
import { listRemoteBranches } from '../../../lib/applied/remote-branches.ts'
import { callGit, type Repository, shortCommit, withoutCredentials } from '../../../lib/git/git.ts'
import { fetchCommit } from '../../../lib/git/git-objects.ts'
import { run } from '../../../lib/run.ts'

/** A branch of a remote. */
export interface RemoteBranch {
  /** Its name, or its URL. */
  remote: string
  /** Without `refs/heads/`. */
  name: string
}

/** The branch that Flux follows, as far as it is known. */
export interface Tip extends RemoteBranch {
  /** In the object store; `undefined` where there is none. */
  commit: string | undefined
  /** The remote did not answer: the commit is that of the last fetch. */
  isLastKnown: boolean
}

/** How HEAD gets to a remote: by the upstream of its branch, by one that is still to be named, or by no branch at all. */
export type HeadPlace = 'followed' | 'local' | 'detached'

/** A tip, with what there is to say where it is not known, or not for certain. */
interface FoundTip {
  tip: Tip | undefined
  findings: Finding[]
}

/**
 * Looks for the tip of the branch that Flux follows, and brings it into the object store. No ref of the user moves.
 * @param followed the branches that Flux is known to follow; where it is not just one, the upstream of HEAD is taken
 * @returns `assumed`: why it is not known whether Flux follows the branch
 */
export async function findTip(
  repository: Repository,
  followed: readonly RemoteBranch[],
): Promise<FoundTip & { assumed: Finding | undefined; headIs: HeadPlace }> {
  const { upstream, headIs } = await readHeadBranch(repository)
  const [only, ...others] = followed
  if (only && others.length === 0) return { ...(await tipOf(repository, only)), assumed: undefined, headIs }
  if (!upstream) {
    const findings = [finding('branch-unset', { object: 'HEAD' }, {})]
    return { tip: undefined, findings, assumed: undefined, headIs }
  }
  const sources = only
    ? `GitRepositories of this repository follow several branches, ${namesList(followed)}`
    : 'no GitRepository of this repository with a branch was found'
  const assumed = finding('branch-assumed', { object: objectOf(upstream) }, { sources })
  return { ...(await tipOf(repository, upstream)), assumed, headIs }
}

function namesList(branches: readonly RemoteBranch[]): string {
  return branches
    .map(({ name }) => name)
    .toSorted()
    .join(', ')
}

function objectOf({ remote, name }: RemoteBranch): string {
  return `branch ${withoutCredentials(remote)}/${name}`
}

async function tipOf(repository: Repository, branch: RemoteBranch): Promise<FoundTip> {
  const object = objectOf(branch)
  const listed = await listRemoteBranches(repository, branch.remote)
  if (!listed) {
    const commit = await lastKnown(repository, branch)
    const known = commit === undefined ? 'nothing' : `commit ${shortCommit(commit)} of the last fetch`
    return {
      tip: { ...branch, commit, isLastKnown: true },
      findings: [finding('branch-silent', { object }, { known })],
    }
  }
  const commit = listed.get(branch.name)
  if (commit === undefined)
    return {
      tip: { ...branch, commit, isLastKnown: false },
      findings: [finding('branch-gone', { object }, {})],
    }
  const isHere = await fetchCommit(repository, commit, [branch.remote])
  return {
    tip: { ...branch, commit: isHere ? commit : undefined, isLastKnown: false },
    findings: isHere ? [] : [finding('branch-not-fetched', { object }, { commit: shortCommit(commit) })],
  }
}

async function readHeadBranch(
  repository: Repository,
): Promise<{ upstream: RemoteBranch | undefined; headIs: HeadPlace }> {
  const format = '--format=%(HEAD)%00%(upstream:remotename)%00%(upstream:remoteref)'
  const branches = await callGit(repository, ['for-each-ref', format, 'refs/heads'])
  const current = branches.split('\n').find((line) => line.startsWith('*'))
  const [, remote, ref] = current?.split('\0') ?? []
  if (!remote || !ref) return { upstream: undefined, headIs: current === undefined ? 'detached' : 'local' }
  return { upstream: { remote, name: ref.replace(/^refs\/heads\//, '') }, headIs: 'followed' }
}

async function lastKnown(
  { root: cwd, env, signal }: Repository,
  { remote, name }: RemoteBranch,
): Promise<string | undefined> {
  const ref = remote === '.' ? `refs/heads/${name}` : `refs/remotes/${remote}/${name}`
  const args = ['git', 'rev-parse', '--quiet', '--verify', '--end-of-options', `${ref}^{commit}`]
  return (await run(args, { cwd, env, signal, okCodes: [1] })).trim() || undefined
}
