import { createRequire } from 'node:module'
import type { RE2JS } from 're2js'

/** Files have few expressions among them, and to compile one takes longer than to read a file. */
const compiled = new Map<string, RE2JS>()

/**
 * Whether a text holds what a regular expression of Go matches. The package that reads it is loaded at the first one.
 * @throws Error that says why it is none
 */
export function matchesGo(expression: string, text: string): boolean {
  let pattern = compiled.get(expression)
  if (!pattern) {
    const { RE2JS } = createRequire(import.meta.url)('re2js') as typeof import('re2js')
    pattern = RE2JS.compile(expression)
    compiled.set(expression, pattern)
  }
  return pattern.test(text)
}

/** Why a text is no regular expression of Go; `undefined` where it is one. */
export function goRegexProblem(expression: string): string | undefined {
  try {
    matchesGo(expression, '')
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}
