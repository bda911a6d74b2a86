import { realpathSync, rmSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { commitOf } from '../../../lib/cluster/flux-objects.ts'
import { commitFiles } from '../../../lib/commit.ts'
import { CommandError, UserError } from '../../../lib/errors.ts'
import type { Repository } from '../../../lib/git.ts'
import { failure } from '../../../lib/program.ts'
import { attempt, run } from '../../../lib/run.ts'
import { isAbandoned, temporaryDirectory } from '../../../lib/temporary-directory.ts'

/** The remote branch that the cluster follows, checked out in a temporary worktree: the caller's own is never touched. */
export interface Branch {
  /** The worktree, absolute. */
  readonly root: string
  /** Puts the worktree on the tip of the remote branch. @returns the commit */
  refresh(): Promise<string>
  /** Whether the repository, or the remote of a shallow one, knows a commit. */
  has(commit: string): Promise<boolean>
  /** Whether a revision of the cluster is `commit` or was made on top of it. */
  contains(revision: string | undefined, commit: string): Promise<boolean>
  /**
   * Commits what `edit` changes on the tip of the branch, and pushes it. Where the branch has moved meanwhile, `edit` is
   * done again on the new tip. Identity, signing and hooks are the user's.
   * @param edit changes files of the worktree. @returns their paths relative to the worktree; none: nothing is pushed
   * @returns the pushed commit
   * @throws CommandError with what git, a hook or the server said
   */
  publish(edit: () => Promise<string[]>, message: string): Promise<string | undefined>
  /** How many pushes were started. */
  readonly pushes: number
  /** Whether the end of the last push was not seen, so that the server may still take it. */
  readonly isUnsure: boolean
  /** From now on the caller's signal ends nothing: for the clean-up. */
  ignoreSignal(): void
  /** Removes the worktree. */
  close(): Promise<void>
}

interface BranchOptions {
  remote: string
  /** Short name. */
  branch: string
}

/** How long git may take to talk to the remote, in ms. */
const patience = 120_000

/** What the directories of the worktrees are called. */
const name = 'flux-sops-verify'

/** What git says where the connection ended before the answer. */
const brokenOff = /disconnect|hung up|RPC failed|early EOF|reset by peer|timed out/

/** What of the user's configuration must not change how the worktree is checked out. */
const plain = ['-c', 'core.sparseCheckout=false', '-c', 'submodule.recurse=false']

/** Checks out the tip of a remote branch. The result must be closed. @throws CommandError where it cannot be fetched */
export async function openBranch(
  repository: Repository,
  { remote: given, branch }: BranchOptions,
): Promise<Branch> {
  const { env } = repository
  let { signal } = repository
  let pushes = 0
  let isUnsure = false
  const [remote] = await Promise.all([remoteOf(given, repository), removeDeadWorktrees(repository)])
  const parent = temporaryDirectory(name)
  const root = join(parent, basename(repository.root))
  const git = (...args: string[]) =>
    run(['git', ...plain, ...args], { cwd: root, env, signal, timeout: patience })
  const test = (...args: string[]) => attempt(['git', ...args], { cwd: root, env, signal, timeout: patience })
  const descendants = new Map<string, Promise<boolean>>()

  /** Into the worktree's own FETCH_HEAD; neither a branch nor a remote-tracking branch of the user moves. */
  const fetch = async () => {
    await git('fetch', '--quiet', '--no-tags', '--refmap=', remote, `refs/heads/${branch}`)
    const [top, tip] = (await git('rev-parse', '--show-toplevel', 'FETCH_HEAD')).trimEnd().split('\n')
    // what follows throws away what is there
    if (top !== realpathSync(root))
      throw new UserError('git does not work in the worktree that was made for it')
    return tip!
  }
  const isKnown = async (commit: string) => (await test('cat-file', '-e', `${commit}^{commit}`)).code === 0
  const isAncestor = async (ancestor: string, commit: string) => {
    if (!(await isKnown(commit))) await fetch()
    return (await test('merge-base', '--is-ancestor', ancestor, commit)).code === 0
  }
  const opened: Branch = {
    root,
    async refresh() {
      const tip = await fetch()
      await git('reset', '--quiet', '--hard', tip)
      await git('clean', '--quiet', '--force', '-d', '-x')
      return tip
    },
    async has(commit) {
      if (await isKnown(commit)) return true
      // a shallow clone lacks what came before its end
      const shallow = (await git('rev-parse', '--is-shallow-repository')).trim() === 'true'
      if (!shallow) return false
      await test('fetch', '--quiet', '--no-tags', '--refmap=', '--depth=1', remote, commit)
      return isKnown(commit)
    },
    async contains(revision, commit) {
      const other = commitOf(revision)
      if (!other || other === commit) return other === commit
      const key = `${commit} ${other}`
      if (!descendants.has(key)) descendants.set(key, isAncestor(commit, other))
      return descendants.get(key)!
    },
    async publish(edit, message) {
      for (let tries = 5; ; tries--) {
        const files = await edit()
        if (files.length === 0) return undefined
        const commit = await commitFiles({ root, env, signal }, files, message)
        signal?.throwIfAborted()
        const args = ['git', 'push', '--quiet', '--no-follow-tags', '--recurse-submodules=no']
        args.push(remote, `HEAD:refs/heads/${branch}`)
        pushes++
        // Not ended by our signal: it would not be known whether the server has taken it. A terminal's Ctrl-C ends it.
        const outcome = await attempt(args, { cwd: root, env, terminal: true, timeout: patience })
        if (outcome.code === 0) return commit
        isUnsure = outcome.code === null || outcome.code > 128 || brokenOff.test(outcome.stderr)
        signal?.throwIfAborted()
        const moved =
          /\((fetch first|non-fast-forward|stale info)\)|cannot lock ref|incorrect old value/.test(
            outcome.stderr,
          )
        if (!moved || tries === 1) throw failure(args, outcome, patience)
        await opened.refresh()
      }
    },
    get pushes() {
      return pushes
    },
    get isUnsure() {
      return isUnsure
    },
    ignoreSignal() {
      signal = undefined
    },
    close: () => removeWorktree({ ...repository, signal: undefined }, parent, root),
  }
  try {
    await addWorktree(repository, root)
    await opened.refresh()
    return opened
  } catch (error) {
    await opened.close()
    throw error
  }
}

async function addWorktree({ root: cwd, env, signal }: Repository, root: string): Promise<void> {
  try {
    const args = ['git', 'worktree', 'add', '--quiet', '--detach', '--no-checkout', root, 'HEAD']
    await run(args, { cwd, env, signal })
  } catch (error) {
    if (!(error instanceof CommandError && error.stderr.includes('invalid reference'))) throw error
    throw new UserError('the repository has no commit yet', { hint: 'pull the branch that Flux follows' })
  }
}

/** A remote whose path is relative would mean another place in the worktree. */
async function remoteOf(given: string, { root: cwd, env, signal }: Repository): Promise<string> {
  const { code, stdout } = await attempt(['git', 'config', '--get', `remote.${given}.url`], {
    cwd,
    env,
    signal,
  })
  const url = code === 0 ? stdout.trim() : given
  return /^\.\.?(\/|$)/.test(url) ? resolve(cwd, url) : given
}

async function removeWorktree(repository: Repository, parent: string, root: string): Promise<void> {
  // a process of a hook may still be writing there
  for (let tries = 3; tries > 0; tries--) {
    try {
      rmSync(parent, { recursive: true, force: true })
      break
    } catch {
      await sleep(100)
    }
  }
  await attempt(['git', 'worktree', 'remove', '--force', root], { cwd: repository.root, env: repository.env })
  await attempt(['git', 'worktree', 'prune'], { cwd: repository.root, env: repository.env })
}

/** What runs left that were killed, on this machine: of others it cannot be told. */
async function removeDeadWorktrees(repository: Repository): Promise<void> {
  const { root: cwd, env, signal } = repository
  const list = await run(['git', 'worktree', 'list', '--porcelain'], { cwd, env, signal })
  for (const [, worktree] of list.matchAll(/^worktree (.*)$/gm)) {
    if (isAbandoned(dirname(worktree!), name)) await removeWorktree(repository, dirname(worktree!), worktree!)
  }
}
