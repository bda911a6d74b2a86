import { goRegexProblem, matchesGo } from '../go-expression.ts'
import type { FileMetadata } from './reading.ts'
import { Unsure } from './unsure.ts'

/** Whether a value or comment is to be encrypted: its path, and the comments before it on each level. */
export type IsSelected = (
  path: readonly string[],
  comments: readonly (readonly string[])[],
  isComment: boolean,
) => boolean

/**
 * What the settings of a file say (sops v3.13.3 sops.go shouldBeEncrypted). A name counts with all that is below it.
 * @throws Unsure where the regular expression can't be read: Go would take it for one that never matches
 */
export function selectionBy({ name, text }: FileMetadata['selector']): IsSelected {
  if (name === 'unencrypted_suffix') return (path) => !path.some((key) => key.endsWith(text))
  if (name === 'encrypted_suffix') return (path) => path.some((key) => key.endsWith(text))
  const matches = matcher(text)
  if (name === 'unencrypted_regex') return (path) => !path.some(matches)
  if (name === 'encrypted_regex') return (path) => path.some(matches)
  if (name === 'unencrypted_comment_regex')
    return (_path, comments) => !comments.some((level) => level.some(matches))
  return (_path, comments, isComment) =>
    comments.some((level, depth) => {
      // a comment is not encrypted by what it says itself
      const isOwn = isComment && depth === comments.length - 1
      return (isOwn ? level.slice(0, -1) : level).some(matches)
    })
}

/** Each text is looked at once: keys are many times the same. */
function matcher(expression: string): (text: string) => boolean {
  if (goRegexProblem(expression) !== undefined) throw new Unsure('metadata')
  const seen = new Map<string, boolean>()
  return (text) => {
    const known = seen.get(text) ?? matchesGo(expression, text)
    seen.set(text, known)
    return known
  }
}
