import { realpathSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { UserError } from '../../../lib/errors.ts'
import { type Repository, withoutCredentials } from '../../../lib/git/git.ts'
import { throwIfInterrupted } from '../../../lib/program.ts'
import { attempt, run } from '../../../lib/run.ts'
import { commitOnly } from './commit.ts'
import { type History, makeHistory } from './history.ts'
import { plain } from './plain-git.ts'
import { push, remoteLimit } from './push.ts'
import { type Remote, readRemote } from './remote.ts'
import { addWorktree } from './worktree.ts'

/** The remote branch that the cluster follows, checked out in a temporary worktree. */
export interface Branch extends Pick<History, 'has' | 'contains'> {
  /** How it is called for people, `origin/main`; a URL without the credentials that it may hold. */
  readonly name: string
  /** The worktree, absolute. */
  readonly root: string
  readonly remote: Remote
  /** The commit that the worktree is on. */
  readonly tip: string
  /** The tip of the branch behind a URL; `undefined` where there is no such branch. @throws CommandError */
  tipAt(url: string): Promise<string | undefined>
  /** Puts the worktree on the tip of the remote branch. @returns the tip */
  refresh(): Promise<string>
  /**
   * Commits what `edit` changes on the tip of the branch, and pushes it. Where the branch has moved meanwhile, `edit` is
   * done again on the new tip, after a pause that gets longer. Identity, signing and hooks are the user's.
   * @param edit changes files of the worktree. @returns their paths relative to the worktree; `undefined`: nothing is pushed
   * @param until no further try begins behind it, in ms since the epoch
   * @returns the pushed commit; `undefined` where `edit` returns that
   * @throws PushError; CommandError with what git or a hook said; what `edit` throws
   */
  publish(edit: () => Promise<string[]>, message: string, until: number): Promise<string>
  publish(
    edit: () => Promise<string[] | undefined>,
    message: string,
    until: number,
  ): Promise<string | undefined>
  /** How many pushes were started. */
  readonly pushes: number
  /** Whether the end of the last push was not seen, so that the server may still take it. */
  readonly isUnsure: boolean
  /** From now on the caller's signal ends nothing: for the clean-up. */
  ignoreSignal(): void
  /** Removes the worktree. */
  close(): Promise<void>
}

/** How the user calls the branch, and how we tell them what they should know. */
export interface Given {
  /** Name or URL. */
  remote: string
  /** Short name. */
  branch: string
  note(line: string): void
}

/**
 * Checks out the tip of a remote branch. The result must be closed.
 * @throws CommandError where it cannot be fetched
 */
export async function openBranch(repository: Repository, given: Given): Promise<Branch> {
  const { branch, note } = given
  const { env } = repository
  const name = `${withoutCredentials(given.remote)}/${branch}`
  let { signal } = repository
  let pushes = 0
  let isUnsure = false
  let tip = ''
  const [remote, worktree] = await bothOrNone(readRemote(given.remote, repository), addWorktree(repository))
  const { root } = worktree
  const options = () => ({ cwd: root, env, signal, timeout: remoteLimit })
  const git = (...args: string[]) => run(['git', ...plain, ...args], options())
  const fetchFrom = [...fetching, remote.fetchFrom]

  /** Fetches into the worktree's own FETCH_HEAD: neither a branch nor a remote-tracking branch of the user moves. */
  const fetch = async () => {
    await git(...fetchFrom, `refs/heads/${branch}`)
    const told = (await git('rev-parse', 'FETCH_HEAD', '--show-toplevel')).trimEnd()
    const head = told.slice(0, told.indexOf('\n'))
    // what follows throws away what is in the working tree
    if (told.slice(head.length + 1) !== realpathSync(root))
      throw new UserError('git does not work in the worktree that was made for it')
    history.saw(head)
    return head
  }
  const succeeds = async (...args: string[]) =>
    (await attempt(['git', ...plain, ...args], options())).code === 0
  const fetchCommit = (commit: string) => succeeds(...fetchFrom, '--depth=1', commit)
  const history = makeHistory({ succeeds, fetch, fetchCommit, common: worktree.common })
  const refresh = async () => {
    const isNew = tip === ''
    tip = await fetch()
    worktree.unlock()
    await git('reset', '--quiet', '--hard', tip)
    if (!isNew) await git('clean', '--quiet', '--force', '-d', '-x')
    return tip
  }
  async function publish(edit: () => Promise<string[]>, message: string, until: number): Promise<string>
  async function publish(
    edit: () => Promise<string[] | undefined>,
    message: string,
    until: number,
  ): Promise<string | undefined>
  async function publish(edit: () => Promise<string[] | undefined>, message: string, until: number) {
    for (let tries = 1; ; tries++) {
      const files = await edit()
      if (files === undefined) return undefined
      const { commit, strays } = await commitOnly({ root, env, signal }, files, message)
      if (strays.length > 0)
        note(`a hook of git added ${strays.join(', ')}, which is not in the commit of ours`)
      signal?.throwIfAborted()
      pushes++
      const pushed = await push({ to: remote.pushTo, branch, name }, { root, env })
      isUnsure = pushed.result !== 'taken' && pushed.isUnsure
      if (pushed.result === 'taken') {
        history.made(commit)
        tip = commit
        return commit
      }
      if (isUnsure) await throwIfInterrupted(signal)
      signal?.throwIfAborted()
      if (pushed.result === 'refused' || Date.now() > until) throw pushed.error
      await sleep(pauseAfter(tries), undefined, signal && { signal }).catch(() => {})
      signal?.throwIfAborted()
      await refresh()
    }
  }
  const opened: Branch = {
    name,
    root,
    remote,
    get tip() {
      return tip
    },
    async tipAt(url) {
      const listed = await git('ls-remote', url, `refs/heads/${branch}`)
      return /^[0-9a-f]+/.exec(listed)?.[0]
    },
    refresh,
    has: history.has,
    contains: history.contains,
    publish,
    get pushes() {
      return pushes
    },
    get isUnsure() {
      return isUnsure
    },
    ignoreSignal() {
      signal = undefined
    },
    close: worktree.remove,
  }
  try {
    await refresh()
    return opened
  } catch (error) {
    await worktree.remove()
    throw error
  }
}

const fetching = ['fetch', '--quiet', '--no-tags', '--refmap=']

/** The longest pause before another try, in ms. */
const longestPause = 5_000

/** Each pause is about twice as long as the one before, and no two runs keep in step. @returns ms */
function pauseAfter(tries: number): number {
  return Math.min(longestPause, 50 * 2 ** tries) * (0.5 + Math.random())
}

/** Makes two things at once. Where the first one fails, the second one is removed. */
async function bothOrNone<A, B extends { remove(): Promise<void> }>(
  one: Promise<A>,
  other: Promise<B>,
): Promise<[A, B]> {
  const [, made] = await Promise.allSettled([one, other])
  try {
    return await Promise.all([one, other])
  } catch (error) {
    if (made.status === 'fulfilled') await made.value.remove()
    throw error
  }
}
