import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../run.ts'
import { temporaryDirectory } from '../temporary-directory.ts'
import { callGit, literalPathspecs, type Repository } from './git.ts'

/**
 * Takes out of the commit that is checked out, and was just made, what a hook has added to it. The working tree and the index
 * stay as they are.
 * @param files that it is to have, relative to the root
 * @param before the commit before it; `undefined` where it is the first one
 * @returns the commit without them, and their paths
 * @throws CommandError
 */
export async function takeOutStrays(
  repository: Repository,
  files: readonly string[],
  before: string | undefined,
): Promise<{ commit: string; strays: string[] }> {
  const made = await readHeadCommit(repository)
  const strays = made.files.filter((file) => !files.includes(file))
  if (strays.length === 0) return { commit: made.commit, strays }
  const directory = temporaryDirectory('flux-sops-index')
  // the user's own index has other changes
  const git = ['env', `GIT_INDEX_FILE=${join(directory, 'index')}`, 'git']
  const { root: cwd, env, signal } = repository
  const call = (args: readonly string[]) => run([...git, ...args], { cwd, env, signal, terminal: true })
  try {
    const parent =
      before ?? (await callGit(repository, ['hash-object', '-w', '-t', 'tree', '/dev/null'])).trim()
    await call(['read-tree', made.commit])
    await call(['reset', '--quiet', parent, '--', ...literalPathspecs(strays)])
    // the hooks have had their say
    await call(['commit', '--quiet', '--amend', '--no-edit', '--no-verify'])
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
  return { commit: (await readHeadCommit(repository)).commit, strays }
}

/** @returns the commit that is checked out, and the files in which it differs from the one before */
export async function readHeadCommit(repository: Repository): Promise<{ commit: string; files: string[] }> {
  const args = ['diff-tree', '--root', '-r', '-z', '--name-only', '--no-renames', 'HEAD']
  const [commit = '', ...files] = (await callGit(repository, args)).split('\0').filter(Boolean)
  return { commit, files }
}
