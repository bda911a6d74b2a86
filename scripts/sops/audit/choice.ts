import type { Code } from '../../findings/catalogue.ts'
import { isCode, nearestCodes } from '../../findings/codes.ts'
import type { Finding } from '../../findings/finding.ts'
import { UserError } from '../../lib/errors.ts'
import { pathInRepository } from '../../lib/git/git.ts'
import type { AuditOptions } from './options.ts'

/** @throws UserError with the nearest codes where a text is none */
export function requireCode(text: string): Code {
  if (isCode(text)) return text
  throw new UserError(`there is no finding with the code ${text}`, {
    hint: `the nearest are ${nearestCodes(text).join(', ')}`,
  })
}

/** @returns whether a code is wanted @throws UserError for one that does not exist */
export function codeFilter({ only, skip }: Pick<AuditOptions, 'only' | 'skip'>): (code: string) => boolean {
  const wanted = new Set<string>(only.map(requireCode))
  const unwanted = new Set<string>(skip.map(requireCode))
  return (code) => (wanted.size === 0 || wanted.has(code)) && !unwanted.has(code)
}

/**
 * @param root of the repository, absolute
 * @returns whether a file is wanted
 * @throws UserError for a path that does not exist or is outside of the repository
 */
export function fileFilter(
  { paths, caller }: Pick<AuditOptions, 'paths' | 'caller'>,
  root: string,
): (file: Finding['file']) => boolean {
  const named = paths.map((path) => pathInRepository({ root }, caller.cwd, path))
  if (named.length === 0 || named.includes('.')) return () => true
  return (file = '') => named.some((path) => file === path || file.startsWith(`${path}/`))
}
