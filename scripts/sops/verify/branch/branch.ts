import { realpathSync } from 'node:fs'
import { commitOf } from '../../../lib/cluster/flux-objects.ts'
import { commitFiles } from '../../../lib/commit.ts'
import { CommandError, UserError } from '../../../lib/errors.ts'
import { type Repository, withoutCredentials } from '../../../lib/git.ts'
import { attempt, run } from '../../../lib/run.ts'
import { push, remoteLimit } from './push.ts'
import { type Remote, readRemote } from './remote.ts'
import { addWorktree, removeDeadWorktrees } from './worktree.ts'

/** The remote branch that the cluster follows, checked out in a temporary worktree. */
export interface Branch {
  /** How it is called for people, `origin/main`; a URL without the credentials that it may hold. */
  readonly name: string
  /** The worktree, absolute. */
  readonly root: string
  readonly remote: Remote
  /** The tip of the branch behind a URL; `undefined` where there is no such branch. @throws CommandError */
  tipAt(url: string): Promise<string | undefined>
  /** The tip that the worktree was put on last. */
  readonly tip: string
  /** Puts the worktree on the tip of the remote branch. @returns the tip */
  refresh(): Promise<string>
  /** Whether the repository, or the remote of a shallow one, knows a commit. */
  has(commit: string): Promise<boolean>
  /** Whether a revision of the cluster is `commit` or was made on top of it. */
  contains(revision: string | undefined, commit: string): Promise<boolean>
  /**
   * Commits what `edit` changes on the tip of the branch, and pushes it. Where the branch has moved meanwhile, `edit` is
   * done again on the new tip. Identity, signing and hooks are the user's.
   * @param edit changes files of the worktree. @returns their paths relative to the worktree; `undefined`: nothing is pushed
   * @returns the pushed commit; `undefined` where `edit` returns that
   * @throws CommandError with what git, a hook or the server said; what `edit` throws
   */
  publish(edit: () => Promise<string[]>, message: string): Promise<string>
  publish(edit: () => Promise<string[] | undefined>, message: string): Promise<string | undefined>
  /** How many pushes were started. */
  readonly pushes: number
  /** Whether the end of the last push was not seen, so that the server may still take it. */
  readonly isUnsure: boolean
  /** From now on the caller's signal ends nothing: for the clean-up. */
  ignoreSignal(): void
  /** Removes the worktree. */
  close(): Promise<void>
}

/** How often a change is made anew because the branch has moved, the first time included. */
const mostTries = 5

/** What of the user's configuration must not change how the worktree is checked out. */
const plain = ['-c', 'core.sparseCheckout=false', '-c', 'submodule.recurse=false']

/**
 * Checks out the tip of a remote branch. The result must be closed.
 * @param given `remote`: its name or URL; `branch`: short name
 * @throws CommandError where it cannot be fetched
 */
export async function openBranch(
  repository: Repository,
  given: { remote: string; branch: string },
): Promise<Branch> {
  const { branch } = given
  const { env } = repository
  let { signal } = repository
  let pushes = 0
  let isUnsure = false
  let tip = ''
  const [remote] = await Promise.all([readRemote(given.remote, repository), removeDeadWorktrees(repository)])
  const worktree = await addWorktree(repository)
  const { root } = worktree
  const options = () => ({ cwd: root, env, signal, timeout: remoteLimit })
  const git = (...args: string[]) => run(['git', ...plain, ...args], options())
  const succeeds = async (...args: string[]) => (await attempt(['git', ...args], options())).code === 0
  const answers = new Map<string, Promise<boolean | undefined>>()

  /** Fetches into the worktree's own FETCH_HEAD: neither a branch nor a remote-tracking branch of the user moves. */
  const fetch = async () => {
    await git('fetch', '--quiet', '--no-tags', '--refmap=', remote.fetchFrom, `refs/heads/${branch}`)
    const told = (await git('rev-parse', 'FETCH_HEAD', '--show-toplevel')).trimEnd()
    const head = told.slice(0, told.indexOf('\n'))
    // what follows throws away what is in the working tree
    if (told.slice(head.length + 1) !== realpathSync(root))
      throw new UserError('git does not work in the worktree that was made for it')
    return head
  }
  const refresh = async () => {
    tip = await fetch()
    await git('reset', '--quiet', '--hard', tip)
    await git('clean', '--quiet', '--force', '-d', '-x')
    return tip
  }
  const isKnown = (commit: string) => succeeds('cat-file', '-e', `${commit}^{commit}`)
  /** @returns `undefined` where the commit cannot be fetched now */
  const isAncestor = async (ancestor: string, commit: string) => {
    try {
      if (!(await isKnown(commit))) await fetch()
    } catch (error) {
      if (error instanceof CommandError) return undefined
      throw error
    }
    return succeeds('merge-base', '--is-ancestor', ancestor, commit)
  }
  async function publish(edit: () => Promise<string[]>, message: string): Promise<string>
  async function publish(
    edit: () => Promise<string[] | undefined>,
    message: string,
  ): Promise<string | undefined>
  async function publish(edit: () => Promise<string[] | undefined>, message: string) {
    for (let tries = 1; ; tries++) {
      const files = await edit()
      if (files === undefined) return undefined
      const commit = await commitFiles({ root, env, signal }, files, message)
      signal?.throwIfAborted()
      pushes++
      const pushed = await push(remote.pushTo, branch, { root, env })
      if (pushed.result === 'taken') return commit
      isUnsure = pushed.isUnsure
      signal?.throwIfAborted()
      if (pushed.result === 'refused' || tries === mostTries) throw pushed.error
      await refresh()
    }
  }
  const opened: Branch = {
    name: `${withoutCredentials(given.remote)}/${branch}`,
    root,
    remote,
    refresh,
    get tip() {
      return tip
    },
    async tipAt(url) {
      const listed = await git('ls-remote', url, `refs/heads/${branch}`)
      return /^[0-9a-f]+/.exec(listed)?.[0]
    },
    async has(commit) {
      if (await isKnown(commit)) return true
      // a shallow clone lacks what came before its end
      const shallow = (await git('rev-parse', '--is-shallow-repository')).trim() === 'true'
      if (!shallow) return false
      await succeeds('fetch', '--quiet', '--no-tags', '--refmap=', '--depth=1', remote.fetchFrom, commit)
      return isKnown(commit)
    },
    async contains(revision, commit) {
      const other = commitOf(revision)
      if (!other || other === commit) return other === commit
      const question = `${commit} ${other}`
      const answer = answers.get(question) ?? isAncestor(commit, other)
      answers.set(question, answer)
      if ((await answer) === undefined) answers.delete(question)
      return (await answer) ?? false
    },
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
