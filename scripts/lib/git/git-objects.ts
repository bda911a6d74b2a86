import { randomBytes } from 'node:crypto'
import { attempt, run } from '../run.ts'
import { callGit, literalPathspecs, type Repository } from './git.ts'

/** How long git may take to fetch a commit, in ms. */
const fetchLimit = 60_000

/** Whether a commit is in the object store of a repository. */
export async function hasCommit({ root: cwd, env, signal }: Repository, commit: string): Promise<boolean> {
  const args = ['git', 'cat-file', '-e', `${commit}^{commit}`]
  return (await attempt(args, { cwd, env, signal })).code === 0
}

/** Whether one of these commits is in the object store of a repository, by one process. */
export async function hasAnyCommit(
  { root: cwd, env, signal }: Repository,
  commits: readonly string[],
): Promise<boolean> {
  if (commits.length === 0) return false
  const args = ['git', 'cat-file', '--batch-check=%(objecttype)']
  return /^commit$/m.test(await run(args, { cwd, env, signal, input: `${commits.join('\n')}\n` }))
}

/**
 * Brings a commit into the object store where it is missing. No branch, no tag and no FETCH_HEAD of the user moves.
 * @param remotes names or URLs, tried in turn
 * @returns whether it is there now
 */
export async function fetchCommit(
  repository: Repository,
  commit: string,
  remotes: readonly string[],
): Promise<boolean> {
  if (await hasCommit(repository, commit)) return true
  const { root: cwd, env, signal } = repository
  // not with --depth, which would make the user's repository a shallow one
  const fetch = ['git', 'fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--no-auto-maintenance']
  fetch.push('--recurse-submodules=no', '--refmap=')
  for (const remote of remotes) {
    const { code } = await attempt([...fetch, remote, commit], { cwd, env, signal, timeout: fetchLimit })
    if (code === 0 && (await hasCommit(repository, commit))) return true
  }
  return false
}

/** The URL of each remote of a repository, by its name. */
export async function remotesOf({ root: cwd, env, signal }: Repository): Promise<Map<string, string>> {
  const args = ['git', 'config', '-z', '--get-regexp', '^remote\\..*\\.url$']
  const listed = await run(args, { cwd, env, signal, okCodes: [1] })
  const entries = listed.split('\0').filter(Boolean)
  return new Map(
    entries.map((entry) => {
      const [name = '', url = ''] = entry.split('\n')
      return [name.slice('remote.'.length, -'.url'.length), url] as const
    }),
  )
}

/** The last commit before this one, itself included, that has removed something of a directory. */
export async function lastRemoval(
  repository: Repository,
  commit: string,
  directory: string,
): Promise<string | undefined> {
  const args = ['log', '-1', '--diff-filter=D', '--no-renames', '--format=%H', commit, '--']
  return (await callGit(repository, [...args, ...literalPathspecs([directory])])).trim() || undefined
}

/** The regular files of a commit, each with its blob; no links and no submodules. @returns paths relative to the root */
export async function filesOfCommit(repository: Repository, commit: string): Promise<Map<string, string>> {
  return (await entriesOfCommit(repository, commit)).files
}

/** The regular files of a commit, each with its blob, and its symbolic links. @returns paths relative to the root */
export async function entriesOfCommit(
  repository: Repository,
  commit: string,
): Promise<{ files: Map<string, string>; links: Set<string> }> {
  const listed = await callGit(repository, ['ls-tree', '-r', '-z', '--full-tree', commit])
  const files = new Map<string, string>()
  const links = new Set<string>()
  for (const entry of listed.split('\0')) {
    const [, mode = '', blob, path] = /^(1[02]0)\d+ blob (\w+)\t(.*)$/s.exec(entry) ?? []
    if (!blob || !path) continue
    if (mode === '120') links.add(path)
    else files.set(path, blob)
  }
  return { files, links }
}

/** The files of a commit that hold one of these texts. */
export async function searchCommit(
  { root: cwd, env, signal }: Repository,
  commit: string,
  texts: readonly string[],
): Promise<string[]> {
  const patterns = texts.flatMap((text) => ['-e', text])
  const grep = [
    'git',
    'grep',
    '--no-color',
    '--full-name',
    '--files-with-matches',
    '--fixed-strings',
    '-z',
    '-a',
  ]
  const found = await run([...grep, ...patterns, commit, '--'], { cwd, env, signal, okCodes: [1] })
  return found
    .split('\0')
    .filter(Boolean)
    .map((file) => file.slice(commit.length + 1))
}

/** How many bytes each of these blobs has, by one process. */
export async function sizesOf(
  { root: cwd, env, signal }: Repository,
  blobs: readonly string[],
): Promise<Map<string, number>> {
  if (blobs.length === 0) return new Map()
  const args = ['git', 'cat-file', '--batch-check=%(objectname) %(objectsize)', '--buffer']
  const sizes = await run(args, { cwd, env, signal, input: `${blobs.join('\n')}\n` })
  return new Map(
    Array.from(sizes.matchAll(/^([0-9a-f]+) (\d+)$/gm), ([, blob = '', size]) => [blob, Number(size)]),
  )
}

/** Reads blobs as text, by one process. @returns them by their name */
export async function readBlobs(
  { root: cwd, env, signal }: Repository,
  blobs: readonly string[],
): Promise<Map<string, string>> {
  if (blobs.length === 0) return new Map()
  // no blob can hold it: it is made after they were written
  const mark = randomBytes(16).toString('hex')
  const args = ['git', 'cat-file', `--batch=${mark} %(objectname)`, '--buffer']
  const output = await run(args, { cwd, env, signal, input: `${[...new Set(blobs)].join('\n')}\n` })
  // git ends each blob with a line end of its own
  const parts = output
    .replace(/\n$/, '')
    .split(new RegExp(`(?:^|\\n)${mark} `))
    .slice(1)
  return new Map(parts.map((part) => [part.slice(0, part.indexOf('\n')), part.slice(part.indexOf('\n') + 1)]))
}

/** What a commit put into a file. */
export interface FileVersion {
  /** Relative to the root. */
  file: string
  blob: string
  commit: string
  /** How many commits come before it, the newest first. */
  age: number
}

/** Whether a clone lacks its older commits. */
export async function isShallow(repository: Repository): Promise<boolean> {
  return (await callGit(repository, ['rev-parse', '--is-shallow-repository'])).trim() === 'true'
}

/**
 * What commits have put into regular files, by one process; of a merge only what none of its parents has.
 * @param refs where they begin, as `git log` reads it: all branches, tags and remotes
 * @returns the newest first
 */
export async function listVersions(
  repository: Repository,
  // with --all, HEAD too; what is stashed nobody else has
  refs: readonly string[] = ['--exclude=refs/stash', '--all'],
): Promise<FileVersion[]> {
  const shape = [
    // by the dates alone a commit can come before those that are based on it
    '--date-order',
    '--raw',
    '-c',
    '--root',
    '--no-abbrev',
    '--no-renames',
    '--no-ext-diff',
    '--format=%x01%H',
    '-z',
  ]
  const log = await callGit(repository, ['log', ...shape, ...refs, '--'])
  const change = /:(?:\d{6} )+?(100\d{3}) (?:[0-9a-f]+ )+?([0-9a-f]+) [A-Z]+\0([^\0]+)\0/g
  return log.split('\x01').flatMap((entry, age) => {
    const commit = entry.slice(0, entry.indexOf('\0'))
    return [...entry.matchAll(change)].map(([, , blob = '', file = '']) => ({ file, blob, commit, age }))
  })
}

/** What is read at once, in bytes. */
const chunk = 16 * 1024 * 1024

/** Blobs that are larger are left out where nothing else is said: Kubernetes takes no Secret of that size (https://kubernetes.io/docs/concepts/configuration/secret/). */
const largest = 1024 * 1024

/**
 * Reads blobs as text, as many at once as memory bears.
 * @param seen gets each, with its name and how many of all are done
 * @param most bytes of those that are read
 */
export async function readManyBlobs(
  repository: Repository,
  blobs: readonly string[],
  seen: (text: string, blob: string, done: number) => Promise<void>,
  most = largest,
): Promise<void> {
  let done = 0
  let waiting: string[] = []
  let size = 0
  const read = async () => {
    for (const [blob, text] of await readBlobs(repository, waiting)) {
      repository.signal?.throwIfAborted()
      await seen(text, blob, done++)
    }
    waiting = []
    size = 0
  }
  for (const [blob, bytes] of await sizesOf(repository, blobs)) {
    if (bytes > most) continue
    waiting.push(blob)
    size += bytes
    if (size >= chunk) await read()
  }
  await read()
}
