import { rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CommandError, UserError } from '../../../lib/errors.ts'
import type { Repository } from '../../../lib/git.ts'
import { attempt, run } from '../../../lib/run.ts'
import { isAbandoned, temporaryDirectory } from '../../../lib/temporary-directory.ts'

/** What the temporary directories of the worktrees are called. */
const directoryName = 'flux-sops-verify'

/** A temporary working tree of a repository: the user's own is never touched. */
export interface Worktree {
  /** Absolute. */
  readonly root: string
  /** Removes it, whatever the signal of the repository says. */
  remove(): Promise<void>
}

/**
 * Adds a worktree without files to a repository. It must be removed.
 * @throws UserError where the repository has no commit yet; CommandError
 */
export async function addWorktree(repository: Repository): Promise<Worktree> {
  const parent = temporaryDirectory(directoryName)
  const root = join(parent, basename(repository.root))
  const worktree = { root, remove: () => removeWorktree(repository, root) }
  const { root: cwd, env, signal } = repository
  try {
    await run(['git', 'worktree', 'add', '--quiet', '--detach', '--no-checkout', root, 'HEAD'], {
      cwd,
      env,
      signal,
    })
    return worktree
  } catch (error) {
    await worktree.remove()
    if (!(error instanceof CommandError && error.stderr.includes('invalid reference'))) throw error
    throw new UserError('the repository has no commit yet', { hint: 'pull the branch that Flux follows' })
  }
}

/** Removes the worktrees of runs that were killed on this machine: of those on others it cannot be known. */
export async function removeDeadWorktrees(repository: Repository): Promise<void> {
  const { root: cwd, env, signal } = repository
  const list = await run(['git', 'worktree', 'list', '--porcelain'], { cwd, env, signal })
  for (const [, worktree = ''] of list.matchAll(/^worktree (.*)$/gm)) {
    if (isAbandoned(dirname(worktree), directoryName)) await removeWorktree(repository, worktree)
  }
}

async function removeWorktree({ root: cwd, env }: Repository, root: string): Promise<void> {
  // a process of a hook may still be writing there
  for (let tries = 3; tries > 0; tries--) {
    try {
      rmSync(dirname(root), { recursive: true, force: true })
      break
    } catch {
      await sleep(100)
    }
  }
  await attempt(['git', 'worktree', 'remove', '--force', root], { cwd, env })
  await attempt(['git', 'worktree', 'prune'], { cwd, env })
}
