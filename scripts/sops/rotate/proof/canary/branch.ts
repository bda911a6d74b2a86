import { setTimeout as sleep } from 'node:timers/promises'
import { commitOf } from '../../../../lib/cluster/flux-objects.ts'
import type { Repository } from '../../../../lib/git/git.ts'
import { fetchCommit } from '../../../../lib/git/git-objects.ts'
import { attempt, run } from '../../../../lib/run.ts'
import type { Branch } from '../../../verify/branch/branch.ts'
import { push, remoteLimit } from '../../../verify/branch/push.ts'
import { readRemote } from '../../../verify/branch/remote.ts'
import { type CanaryPlace, type CanaryRemote, canaryPrefix } from './canary.ts'

/** How long a server may still be busy with a push whose end was not seen, in ms. */
const lateLimit = 20_000

/**
 * What is known of the branch that Flux follows, without a working tree. Commits that are missing are fetched; no branch of the
 * user moves.
 * @param branch its short name; `undefined` where it follows something else
 */
export async function readFollowed(
  repository: Repository,
  given: string,
  branch: string | undefined,
): Promise<Pick<Branch, 'remote' | 'tip' | 'tipAt' | 'has' | 'contains'>> {
  const remote = await readRemote(given, repository)
  const { root: cwd, env, signal } = repository
  const tipAt = async (url: string) => {
    const args = ['git', 'ls-remote', url, branch === undefined ? 'HEAD' : `refs/heads/${branch}`]
    return /^[0-9a-f]+/.exec(await run(args, { cwd, env, signal, timeout: remoteLimit }))?.[0]
  }
  const tip = (await tipAt(remote.fetchFrom)) ?? ''
  const has = (commit: string) => fetchCommit(repository, commit, [remote.fetchFrom])
  return {
    remote,
    tip,
    tipAt,
    has,
    async contains(revision, commit) {
      const newer = commitOf(revision)
      if (!newer || !(await has(newer))) return false
      const args = ['git', 'merge-base', '--is-ancestor', commit, newer]
      return (await attempt(args, { cwd, env, signal })).code === 0
    },
  }
}

/**
 * Makes a commit without a parent that has just these files. Neither the working tree nor the index nor a branch is touched;
 * identity and signing are the user's.
 * @param files texts by their names, in one directory. No secret.
 * @returns the commit
 * @throws CommandError with what git said
 */
export async function makeOrphan(
  files: Readonly<Record<string, string>>,
  message: string,
  { root: cwd, env, signal }: Repository,
): Promise<string> {
  const git = async (args: readonly string[], more: { input?: string; terminal?: boolean } = {}) =>
    (await run(['git', ...args], { cwd, env, signal, okCodes: [], ...more })).trim()
  const entries: string[] = []
  for (const [name, input] of Object.entries(files)) {
    const blob = await git(['hash-object', '-w', '--stdin'], { input })
    entries.push(`100644 blob ${blob}\t${name}\n`)
  }
  const tree = await git(['mktree'], { input: entries.join('') })
  const isSigned = await attempt(['git', 'config', '--type=bool', 'commit.gpgSign'], { cwd, env, signal })
  const sign = isSigned.stdout.trim() === 'true' ? ['--gpg-sign'] : []
  return git(['commit-tree', ...sign, '-m', message, tree], { terminal: true })
}

/** Pushes a commit to the branch of a canary, which nobody else has. @throws PushError */
export async function pushCanary(
  { branch }: Pick<CanaryPlace, 'branch'>,
  commit: string,
  { given, remote, repository }: CanaryRemote,
): Promise<void> {
  if (!branch.startsWith(canaryPrefix)) throw new RangeError('not the branch of a canary')
  const pushed = await push({ to: remote.pushTo, branch, name: `${given}/${branch}`, commit }, repository)
  if (pushed.result !== 'taken') throw pushed.error
}

/** The branches of canaries on a remote, short names. @throws CommandError */
export async function listCanaries({ remote, repository }: CanaryRemote): Promise<string[]> {
  const { root: cwd, env, signal } = repository
  const args = ['git', 'ls-remote', remote.fetchFrom, `refs/heads/${canaryPrefix}*`]
  const listed = await run(args, { cwd, env, signal, timeout: remoteLimit })
  return Array.from(listed.matchAll(/\trefs\/heads\/(\S+)$/gm), ([, branch = '']) => branch)
}

/**
 * Deletes the branch of a canary.
 * @param isUnsure the end of the push was not seen, so that the server may still make the branch
 * @throws PushError
 */
export async function deleteCanary(
  place: Pick<CanaryPlace, 'branch'>,
  to: CanaryRemote,
  isUnsure: boolean,
): Promise<void> {
  for (let left = isUnsure ? lateLimit : 0; left >= 0; left -= 1_000) {
    if ((await listCanaries(to)).includes(place.branch)) return pushCanary(place, '', to)
    if (left > 0) await sleep(1_000)
  }
}
