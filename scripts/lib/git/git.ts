import { lstatSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { UserError } from '../errors.ts'
import { pathBelow } from '../paths.ts'
import { failure } from '../program.ts'
import { attempt, run } from '../run.ts'

/** A git repository with its working tree, and how to call git in it. */
export interface Repository {
  /** Absolute, symbolic links resolved. */
  root: string
  env: NodeJS.ProcessEnv
  signal?: AbortSignal | undefined
}

const listingAll = ['ls-files', '-z', '--full-name', '--cached', '--others']

const listing = [...listingAll, '--exclude-standard', '--']

/**
 * The root of the git repository that `cwd` is in; `undefined` outside of one, or in a bare one.
 * @throws UserError where git refuses it because of its owner
 */
export async function findRepositoryRoot(cwd: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const { code, stdout, stderr } = await attempt(['git', 'rev-parse', '--show-toplevel'], { cwd, env })
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
  // both at once: git lists from the root, wherever it is
  const [root, outcome] = await Promise.all([
    repositoryRoot(cwd, env),
    attempt(['git', ...listing, ':/'], { cwd, env, signal }),
  ])
  if (outcome.code !== 0) throw failure(['git', 'ls-files'], outcome)
  return { repository: { root, env, signal }, names: unique(outcome.stdout.split('\0')) }
}

/**
 * The files of the working tree that are tracked, or new and not ignored. Those of submodules are not among them.
 * @param paths files and directories relative to the root; none: everything
 * @returns paths relative to the root, with `/`
 */
export async function listFiles(repository: Repository, paths: readonly string[] = []): Promise<string[]> {
  const listed = await callGit(repository, [...listing, ...literalPathspecs(paths)])
  return onlyFiles(repository, unique(listed.split('\0')))
}

/**
 * As `listFiles`, where only the `.gitignore` files of the repository make a new file an ignored one, and not what else this user
 * has told git to ignore: what a commit can bring to others.
 */
export async function listShared(repository: Repository, paths: readonly string[]): Promise<string[]> {
  const args = [...listingAll, '--exclude-per-directory=.gitignore', '--', ...literalPathspecs(paths)]
  return onlyFiles(repository, unique((await callGit(repository, args)).split('\0')))
}

/**
 * What a user has named.
 * @param path a file or a directory, as it was typed in `cwd`; a link to a file means the link
 * @returns relative to the root, which is `.`
 * @throws UserError for one that does not exist or is outside of the repository
 */
export function pathInRepository({ root }: Pick<Repository, 'root'>, cwd: string, path: string): string {
  const absolute = resolve(cwd, path)
  const found = statSync(absolute, { throwIfNoEntry: false })
  if (!found) throw new UserError(`${path} does not exist`)
  const real = found.isDirectory()
    ? realpathSync(absolute)
    : join(realpathSync(dirname(absolute)), basename(absolute))
  const inside = pathBelow(root, real)
  if (inside === undefined) throw new UserError(`${path} is outside of the repository`)
  return inside
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
 * The files of the working tree that hold a text, or one of several: tracked ones and new ones, not the ignored ones.
 * @param pathspecs of git, where not all files are wanted
 * @returns paths relative to the root
 * @throws UserError where one of them cannot be read, with its name
 */
export async function searchFiles(
  { root, env, signal }: Repository,
  text: string | readonly string[],
  pathspecs: readonly string[] = [],
): Promise<string[]> {
  // git refuses to look at new files where it is set to look into submodules
  const grep = ['git', '-c', 'submodule.recurse=false', 'grep', '--untracked', '--no-color']
  const patterns = [text].flat().flatMap((one) => ['-e', one])
  const args = [...grep, '--files-with-matches', '--fixed-strings', '-z', ...patterns, '--', ...pathspecs]
  const outcome = await attempt(args, { cwd: root, env: { ...env, LC_ALL: 'C' }, signal })
  // exit 1: nothing found
  if (outcome.code !== 0 && outcome.code !== 1) throw failure(['git', 'grep'], outcome)
  // what git cannot read it only mentions
  const unread = /^(?:error: |warning: (?=could not open directory))(.*)$/m.exec(outcome.stderr)
  if (unread)
    throw new UserError(`cannot search the files of the repository: ${unread[1]}`, {
      hint: 'make it readable, or let git ignore it where it is new',
    })
  return outcome.stdout.split('\0').filter(Boolean)
}

/** Runs git in the root of a repository. @returns its stdout @throws CommandError */
export async function callGit({ root, env, signal }: Repository, args: readonly string[]): Promise<string> {
  return run(['git', ...args], { cwd: root, env, signal })
}

/** Pathspecs that mean just these paths, whatever characters are in them. @param paths relative to the root, which is `.` */
export function literalPathspecs(paths: readonly string[]): string[] {
  return paths.map((path) => `:(top,literal)${path === '.' ? '' : path}`)
}

/** A commit as people read it: the first seven characters, which is what git shows of it in a small repository. */
export function shortCommit(commit: string): string {
  return commit.slice(0, 7)
}

/**
 * A URL of a git repository without what does not tell repositories apart: protocol, user, password, port, a `.git` at the
 * end, and the letters of the host. `git@github.com:a/b.git` and `https://github.com/a/b` are one.
 */
export function plainUrl(url: string): string {
  const scp = /^(?:[^/@]+@)?([^/:]+):(?!\/\/)(.*)$/.exec(url)
  const [, host = '', path = ''] =
    scp ?? /^[a-z+]+:\/\/(?:[^/@]*@)?([^/:]*)(?::\d+)?\/?(.*)$/i.exec(url) ?? []
  return host === '' ? url : `${host.toLowerCase()}/${path.replace(/^\/+|\/+$/g, '').replace(/\.git$/, '')}`
}

/** A URL without the credentials that it may hold. */
export function withoutCredentials(url: string): string {
  return url.replace(/\/\/(?:[^/@]+:.*|[^/@]+)@(?=[\w[])/, '//')
}
