import { lstatSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { exit, UserError } from './errors.ts'
import { attempt, failure, run } from './run.ts'

/** A git repository with its working tree, and how to call git in it. */
export interface Repository {
  /** Absolute, symbolic links resolved. */
  root: string
  env: NodeJS.ProcessEnv
  signal?: AbortSignal | undefined
}

const toplevel = ['git', 'rev-parse', '--show-toplevel']
const listing = ['git', 'ls-files', '-z', '--full-name', '--cached', '--others', '--exclude-standard', '--']

/**
 * The root of the git repository that `cwd` is in; `undefined` outside of one, or in a bare one.
 * @throws UserError where git refuses it because of its owner
 */
export async function findRepositoryRoot(cwd: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const { code, stdout, stderr } = await attempt(toplevel, { cwd, env })
  if (/dubious ownership/.test(stderr))
    throw new UserError('git does not use this repository, for it belongs to another user', {
      hint:
        stderr
          .split('\n')
          .findLast((line) => line.includes('git config'))
          ?.trim() ?? 'see safe.directory in `git help config`',
    })
  const root = stdout.replace(/\n$/, '')
  return code === 0 && root !== '' ? realpathSync(root) : undefined
}

/** As `findRepositoryRoot`. @throws UserError outside of a repository */
export async function repositoryRoot(cwd: string, env: NodeJS.ProcessEnv): Promise<string> {
  const root = await findRepositoryRoot(cwd, env)
  if (root) return root
  throw new UserError('this is not a git repository with a working tree', {
    hint: 'go to the repository that Flux follows',
  })
}

/**
 * The repository that `cwd` is in, and what git lists in it.
 * @returns `names`: as of `listFiles`, with what is deleted and with submodules
 * @throws as `repositoryRoot`
 */
export async function openRepository(
  cwd: string,
  { env, signal }: Pick<Repository, 'env' | 'signal'>,
): Promise<{ repository: Repository; names: string[] }> {
  // starting a process is what takes most of the time in small repositories
  const outcome = await attempt([...listing, ':/'], { cwd, env, signal, after: toplevel })
  if (outcome.code !== 0) {
    await repositoryRoot(cwd, env)
    throw failure(['git', 'ls-files'], outcome)
  }
  const [root, ...names] = outcome.stdout.split('\0')
  const repository = { root: realpathSync(root!.replace(/\n$/, '')), env, signal }
  return { repository, names: unique(names) }
}

/**
 * The files of the working tree that are tracked, or new and not ignored. Those of submodules are not among them.
 * @param paths files and directories relative to the root; none: everything
 * @returns paths relative to the root, with `/`
 */
export async function listFiles(repository: Repository, paths: readonly string[] = []): Promise<string[]> {
  const listed = await git(repository, [...listing, ...literal(paths)])
  return onlyFiles(repository, unique(listed.split('\0')))
}

/** Those that are there: of what git knows some may be deleted, or a submodule. */
export function onlyFiles({ root }: Repository, names: readonly string[]): string[] {
  return names.filter((file) => {
    try {
      const found = lstatSync(join(root, file))
      return found.isFile() || found.isSymbolicLink()
    } catch {
      // where one of its directories is a file by now, that is no ENOENT
      return false
    }
  })
}

/** A file with a conflict is listed more than once. */
function unique(names: readonly string[]): string[] {
  return [...new Set(names)].filter(Boolean)
}

/**
 * Protects the user's work from getting into a commit of ours: call it before files are changed that `commitFiles` is to commit.
 * @param paths relative to the root
 * @param nameOf how a file is called in the message, for example relative to the user
 * @throws UserError (exit 1) where one of them holds changes that are not committed
 */
export async function refuseUncommitted(
  repository: Repository,
  paths: readonly string[],
  nameOf = (path: string) => path,
): Promise<void> {
  if (paths.length === 0) return
  // of these `git status` says nothing
  const tagged = (await git(repository, ['git', 'ls-files', '-v', '-z', '--', ...literal(paths)])).split('\0')
  const assumed = tagged.filter((entry) => /^[a-z]/.test(entry)).map((entry) => nameOf(entry.slice(2)))
  if (assumed.length > 0)
    throw new UserError(`cannot commit ${assumed.join(', ')}: git is told to assume that it is unchanged`, {
      hint: 'run `git update-index --no-assume-unchanged` for it, or leave --commit out',
      exitCode: exit.no,
    })
  const status = ['git', 'status', '--porcelain', '-z', '--no-renames', '--untracked-files=all', '--']
  const listed = (await git(repository, [...status, ...literal(paths)])).split('\0').filter(Boolean)
  if (listed.length === 0) return
  const changed = listed.map((entry) => nameOf(entry.slice(3)))
  throw new UserError(
    `cannot commit ${changed.join(', ')}: there are changes in it that are not committed yet`,
    {
      hint: 'commit or stash them first, or leave --commit out',
      exitCode: exit.no,
    },
  )
}

/**
 * Commits exactly these files as they are in the working tree, deleted ones as well, whatever else is changed or staged.
 * Identity, signing and hooks are the user's. Where the commit fails, the index is what it was.
 *
 * @param paths relative to the root
 * @returns the new commit
 * @throws CommandError with what git or a hook said
 */
export async function commitFiles(
  repository: Repository,
  paths: readonly string[],
  message: string,
): Promise<string> {
  const { root: cwd, env } = repository
  const tracked = (await git(repository, ['git', 'ls-files', '-z', '--', ...literal(paths)])).split('\0')
  const fresh = paths.filter((path) => !tracked.includes(path))
  const before = await head(repository)
  const commit = ['git', 'commit', '--quiet', '--only', '--message', message, '--', ...literal(paths)]
  try {
    if (fresh.length > 0)
      await git(repository, ['git', 'add', '--sparse', '--intent-to-add', '--', ...literal(fresh)])
    await run(commit, { ...options(repository), terminal: true })
  } catch (error) {
    // an interruption does not take back a commit that was made; these two must run in spite of it
    const after = await head({ root: cwd, env })
    if (after !== undefined && after !== before) return after
    if (fresh.length > 0) await run(['git', 'update-index', '--force-remove', '--', ...fresh], { cwd, env })
    throw error
  }
  return (await head({ root: cwd, env }))!
}

/** @returns the commit that is checked out; `undefined` before the first one */
async function head(repository: Repository): Promise<string | undefined> {
  const args = ['git', 'rev-parse', '--verify', '--quiet', 'HEAD']
  return (await run(args, { ...options(repository), okCodes: [1] })).trim() || undefined
}

function options({ root, env, signal }: Repository) {
  return { cwd: root, env, signal }
}

async function git(repository: Repository, args: readonly string[]): Promise<string> {
  return run(args, options(repository))
}

/** As pathspecs that mean just these paths, whatever characters are in them. */
function literal(paths: readonly string[]): string[] {
  return paths.map((path) => `:(top,literal)${path}`)
}
