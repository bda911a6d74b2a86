import { exit, UserError } from '../errors.ts'
import { run } from '../run.ts'
import { takeOutStrays } from './commit-strays.ts'
import { callGit, literalPathspecs, type Repository } from './git.ts'

/**
 * Protects the user's work from getting into a commit of ours: call it before files are changed that `commitFiles` is to commit.
 * @param paths relative to the root
 * @param nameOf how a file is called in the message, for example relative to the user
 * @throws UserError (exit 1) where one of them holds changes that are not committed
 */
export async function refuseUncommitted(
  repository: Repository,
  paths: readonly string[],
  nameOf: (path: string) => string,
): Promise<void> {
  if (paths.length === 0) return
  // `git status` says nothing of files that are assumed to be unchanged
  const tagged = await callGit(repository, ['ls-files', '-v', '-z', '--', ...literalPathspecs(paths)])
  const assumed = entriesOf(tagged).filter((entry) => /^[a-z]/.test(entry))
  if (assumed.length > 0) {
    const names = assumed.map((entry) => nameOf(entry.slice(2))).join(', ')
    throw new UserError(`cannot commit ${names}: git is told to assume that it is unchanged`, {
      hint: 'run `git update-index --no-assume-unchanged` for it, or leave --commit out',
      exitCode: exit.no,
    })
  }
  const status = ['status', '--porcelain', '-z', '--no-renames', '--untracked-files=all', '--']
  const changed = entriesOf(await callGit(repository, [...status, ...literalPathspecs(paths)]))
  if (changed.length === 0) return
  const names = changed.map((entry) => nameOf(entry.slice(3))).join(', ')
  throw new UserError(`cannot commit ${names}: there are changes in it that are not committed yet`, {
    hint: 'commit or stash them first, or leave --commit out',
    exitCode: exit.no,
  })
}

/**
 * Commits exactly these files as they are in the working tree, deleted ones as well, whatever else is changed or staged.
 * Identity, signing and hooks are the user's; what git is told to ignore does not matter. Where the commit fails, the index is
 * what it was. What a hook adds to the commit is taken out again, and named.
 *
 * @param paths relative to the root
 * @param note tells the user
 * @returns the new commit
 * @throws CommandError with what git or a hook said
 */
export async function commitFiles(
  repository: Repository,
  paths: readonly string[],
  message: string,
  note: (line: string) => void,
): Promise<string> {
  const { root: cwd, env, signal } = repository
  const pathspecs = literalPathspecs(paths)
  const tracked = entriesOf(await callGit(repository, ['ls-files', '-z', '--', ...pathspecs]))
  const fresh = paths.filter((path) => !tracked.includes(path))
  const before = await headOf(repository)
  const add = ['add', '--force', '--sparse', '--intent-to-add', '--']
  const make = ['git', 'commit', '--quiet', '--only', '--message', message, '--', ...pathspecs]
  try {
    if (fresh.length > 0)
      // by force: what this user has told git to ignore is for the files of this user
      await callGit(repository, [...add, ...literalPathspecs(fresh)])
    await run(make, { cwd, env, signal, terminal: true })
  } catch (error) {
    // an interruption does not take back a commit that was made; these two must run in spite of it
    const after = await headOf({ root: cwd, env })
    if (after === undefined || after === before) {
      if (fresh.length > 0) await run(['git', 'update-index', '--force-remove', '--', ...fresh], { cwd, env })
      throw error
    }
  }
  const { commit, strays } = await takeOutStrays({ root: cwd, env }, paths, before)
  if (strays.length > 0) note(`taken out of the commit, for a hook had added it: ${strays.join(', ')}`)
  return commit
}

/** @returns the commit that is checked out; `undefined` before the first one */
export async function headOf({ root: cwd, env, signal }: Repository): Promise<string | undefined> {
  const args = ['git', 'rev-parse', '--verify', '--quiet', 'HEAD']
  return (await run(args, { cwd, env, signal, okCodes: [1] })).trim() || undefined
}

/** What git lists with `-z`. */
function entriesOf(listed: string): string[] {
  return listed.split('\0').filter(Boolean)
}
