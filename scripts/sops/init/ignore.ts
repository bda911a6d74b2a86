import { isAbsolute, posix } from 'node:path'
import type { Repository } from '../../lib/git/git.ts'
import { gitignoreLine } from '../../lib/paths.ts'
import { failure } from '../../lib/program.ts'
import { attempt } from '../../lib/run.ts'
import { newlineBefore } from '../../lib/yaml/lines.ts'

/** The line that has git ignore a key file and its copies: `age.key.bak`. @param file relative to the root */
export function ignoreLineOf(file: string): string {
  return `${gitignoreLine(file)}*`
}

/**
 * The name of a key file and that of a copy, as editors and people make one, as far as git would take them. Only what the
 * `.gitignore` files of the repository say counts: a pattern of this user alone ignores nothing for others.
 * @param file relative to the root; it need not exist
 */
export async function namesNotIgnored(repository: Repository, file: string): Promise<string[]> {
  const { root: cwd, env, signal } = repository
  const names = [file, `${file}.bak`]
  const args = ['git', 'check-ignore', '--verbose', '--non-matching', '--no-index', '-z', '--stdin']
  const outcome = await attempt(args, { cwd, env, signal, input: names.map((name) => `${name}\0`).join('') })
  // exit 1: none is ignored
  if (outcome.code !== 0 && outcome.code !== 1) throw failure(args.slice(0, 2), outcome)
  const fields = outcome.stdout.split('\0')
  return names.filter((_, index) => {
    const [source = '', , pattern = ''] = fields.slice(index * 4)
    const isShared = posix.basename(source) === '.gitignore' && !isAbsolute(source)
    return !isShared || pattern.startsWith('!')
  })
}

/** A `.gitignore` with one more line at its end, in its own line ends. @param text `undefined` where there is none */
export function withIgnoreLine(text: string | undefined, line: string): string {
  if (!text) return `${line}\n`
  const newline = newlineBefore(text, text.length)
  return `${text}${text.endsWith('\n') ? '' : newline}${line}${newline}`
}
