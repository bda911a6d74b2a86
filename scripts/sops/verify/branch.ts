import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { commitOf } from '../../lib/flux.ts'
import { commitFiles, type Repository } from '../../lib/git.ts'
import { attempt, failure, run } from '../../lib/run.ts'
import { isProcess } from './run-id.ts'

/** The remote branch that the cluster follows, checked out in a temporary worktree: the caller's own is never touched. */
export interface Branch {
  /** The worktree, absolute. */
  readonly root: string
  /** Puts the worktree on the tip of the remote branch. @returns the commit */
  refresh(): Promise<string>
  /** Whether the repository knows a commit. */
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

const prefix = 'flux-sops-verify-'

/** Checks out the tip of a remote branch. The result must be closed. @throws CommandError where it cannot be fetched */
export async function openBranch(repository: Repository, { remote, branch }: BranchOptions): Promise<Branch> {
  const { env } = repository
  let { signal } = repository
  let pushes = 0
  await removeDeadWorktrees(repository)
  const parent = mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`))
  const root = join(parent, basename(repository.root))
  const git = (...args: string[]) => run(['git', ...args], { cwd: root, env, signal, timeout: patience })
  const descendants = new Map<string, Promise<boolean>>()

  /** Into the worktree's own FETCH_HEAD; neither a branch nor a remote-tracking branch of the user moves. */
  const fetch = async () => {
    await git('fetch', '--quiet', '--no-tags', '--refmap=', remote, `refs/heads/${branch}`)
    return (await git('rev-parse', 'FETCH_HEAD')).trim()
  }
  const isAncestor = async (ancestor: string, commit: string) => {
    if (!(await opened.has(commit))) await fetch()
    const { code } = await attempt(['git', 'merge-base', '--is-ancestor', ancestor, commit], {
      cwd: root,
      env,
      signal,
    })
    return code === 0
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
      return (
        (await attempt(['git', 'cat-file', '-e', `${commit}^{commit}`], { cwd: root, env, signal })).code ===
        0
      )
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
        const args = ['git', 'push', '--quiet', remote, `HEAD:refs/heads/${branch}`]
        pushes++
        // Not ended by our signal: it would not be known whether the server has taken it. A terminal's Ctrl-C ends it.
        const outcome = await attempt(args, { cwd: root, env, terminal: true, timeout: patience })
        if (outcome.code === 0) return commit
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
    ignoreSignal() {
      signal = undefined
    },
    close: () => removeWorktree({ ...repository, signal: undefined }, parent, root),
  }
  try {
    await run(['git', 'worktree', 'add', '--quiet', '--detach', '--no-checkout', root, 'HEAD'], {
      cwd: repository.root,
      env,
      signal,
    })
    await opened.refresh()
    return opened
  } catch (error) {
    await opened.close()
    throw error
  }
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

/** What runs left that were killed. */
async function removeDeadWorktrees(repository: Repository): Promise<void> {
  const { root: cwd, env, signal } = repository
  const list = await run(['git', 'worktree', 'list', '--porcelain'], { cwd, env, signal })
  for (const [, parent, pid, name] of list.matchAll(
    /^worktree (.*\/flux-sops-verify-(\d+)-[^/]+)\/(.*)$/gm,
  )) {
    if (parent && name && !isProcess(Number(pid)))
      await removeWorktree(repository, parent, join(parent, name))
  }
}
