import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CommandError, UserError } from '../../../lib/errors.ts'
import type { Repository } from '../../../lib/git/git.ts'
import { run } from '../../../lib/run.ts'
import { abandonedDirectories, isAbandoned, temporaryDirectory } from '../../../lib/temporary-directory.ts'
import { plain } from './plain-git.ts'

/** What the temporary directories of the worktrees are called, and what git keeps for each of them. */
const directoryName = 'flux-sops-verify'

/** A temporary working tree of a repository: the user's own is never touched. */
export interface Worktree {
  /** Absolute. */
  readonly root: string
  /** The directory that git keeps for the whole repository, absolute. */
  readonly common: string
  /** Takes away the locks that a git which was killed has left in it: nobody else works there. */
  unlock(): void
  /** Removes it, whatever the signal of the repository says. */
  remove(): Promise<void>
}

/**
 * Adds a worktree without files to a repository, and removes those of runs that were killed on this machine. It must be
 * removed.
 * @throws UserError where the repository has no commit yet; CommandError
 */
export async function addWorktree({ root: cwd, env, signal }: Repository): Promise<Worktree> {
  const root = temporaryDirectory(directoryName)
  try {
    const add = ['worktree', 'add', '--quiet', '--detach', '--no-checkout', root, 'HEAD']
    await run(['git', ...plain, ...add], { cwd, env: { ...env, LC_ALL: 'C' }, signal })
    // the file in it that leads to what git keeps for it
    const own = resolve(root, readFileSync(join(root, '.git'), 'utf8').replace(/^gitdir: (.*)\n$/s, '$1'))
    const kept = dirname(own)
    removeDead(kept)
    return {
      root,
      common: dirname(kept),
      unlock() {
        for (const lock of ['index.lock', 'HEAD.lock']) rmSync(join(own, lock), { force: true })
      },
      remove: () => removeWorktree(root, own),
    }
  } catch (error) {
    rmSync(root, { recursive: true, force: true })
    if (!(error instanceof CommandError && error.stderr.includes('invalid reference'))) throw error
    throw new UserError('the repository has no commit yet', { hint: 'pull the branch that Flux follows' })
  }
}

/**
 * Removes what runs that were killed have left at any point: the directory alone, what git keeps for it with a lock or not
 * yet written to its end, or both. Both names say whose they are; of those on other machines that cannot be known.
 * @param kept the directory in which git keeps something for each worktree (gitrepository-layout(5))
 */
function removeDead(kept: string): void {
  for (const name of readdirSync(kept).filter((entry) => isAbandoned(entry, directoryName))) {
    const link = join(kept, name, 'gitdir')
    const root = existsSync(link) && dirname(resolve(kept, name, readFileSync(link, 'utf8').trimEnd()))
    if (root && basename(root) === name) rmSync(root, { recursive: true, force: true })
    rmSync(join(kept, name), { recursive: true, force: true })
  }
  for (const directory of abandonedDirectories(directoryName, resolve(tmpdir())))
    rmSync(directory, { recursive: true, force: true })
}

async function removeWorktree(root: string, own: string): Promise<void> {
  // a process of a hook may still be writing there
  for (let tries = 3; tries > 0; tries--) {
    try {
      rmSync(root, { recursive: true, force: true })
      break
    } catch {
      await sleep(100)
    }
  }
  rmSync(own, { recursive: true, force: true })
  try {
    // git as well keeps no empty one
    rmdirSync(dirname(own))
  } catch {
    // the user has worktrees
  }
}
