import { UserError } from '../../../lib/errors.ts'
import { readHeadCommit } from '../../../lib/git/commit-strays.ts'
import { run } from '../../../lib/run.ts'
import { plain } from './plain-git.ts'

/** A working tree that is ours alone, on the commit that is to be followed. */
interface Tree {
  /** Absolute. */
  root: string
  env: NodeJS.ProcessEnv
  signal: AbortSignal | undefined
}

/** A commit of ours. */
export interface Made {
  commit: string
  /** What a hook had added to it, relative to the root: it is not in it any more. */
  strays: string[]
}

/**
 * Commits just these files as they are in the working tree, deleted ones as well, whatever ignore rules say. Identity, signing
 * and hooks are the user's; what a hook adds does not get into the commit.
 * @param files relative to the root
 * @throws CommandError with what git or a hook said; UserError where a hook took one of the files out
 */
export async function commitOnly(
  { root: cwd, env, signal }: Tree,
  files: readonly string[],
  message: string,
): Promise<Made> {
  const git = (args: readonly string[], more: { input?: string; terminal?: boolean } = {}) =>
    run(['git', ...plain, ...args], { cwd, env, signal, ...more })
  const stage = (names: readonly string[]) =>
    git(['update-index', '--add', '--remove', '-z', '--stdin'], { input: names.join('\0') })
  await stage(files)
  await git(['commit', '--quiet', '--message', message], { terminal: true })
  const made = await readHeadCommit({ root: cwd, env, signal })
  const strays = made.files.filter((file) => !files.includes(file))
  const missing = files.filter((file) => !made.files.includes(file))
  if (missing.length > 0) throw new UserError(`a hook of git took ${missing.join(', ')} out of the commit`)
  if (strays.length === 0) return { commit: made.commit, strays }
  await git(['read-tree', 'HEAD~'])
  await stage(files)
  // the hooks have had their say
  await git(['commit', '--quiet', '--amend', '--no-edit', '--no-verify'], { terminal: true })
  return { commit: (await readHeadCommit({ root: cwd, env, signal })).commit, strays }
}
