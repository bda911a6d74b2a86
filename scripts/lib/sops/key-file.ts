import { statSync } from 'node:fs'
import type { Repository } from '../git/git.ts'
import { pathBelow } from '../paths.ts'
import { attempt } from '../run.ts'

/** What is wrong with where a private key is kept: git has it, git could get it, or others can read it. */
export type KeyFileProblem = 'tracked' | 'not-ignored' | 'readable-by-others'

/**
 * Looks at a file with a private key, and not into it.
 * @param file absolute
 * @param repository that the user stands in, where there is one
 */
export async function findKeyFileProblems(
  file: string,
  repository: Repository | undefined,
): Promise<KeyFileProblem[]> {
  const { mode } = statSync(file)
  const found: KeyFileProblem[] = (mode & 0o077) === 0 ? [] : ['readable-by-others']
  if (!repository || pathBelow(repository.root, file) === undefined) return found
  const { root: cwd, env, signal } = repository
  const args = [
    'git',
    'ls-files',
    '-t',
    '--cached',
    '--others',
    '--exclude-standard',
    '--',
    `:(literal)${file}`,
  ]
  const { stdout } = await attempt(args, { cwd, env, signal })
  if (stdout === '') return found
  // `?`: git does not know it, and would take it
  return [stdout.startsWith('?') ? 'not-ignored' : 'tracked', ...found]
}
