import { createRequire } from 'node:module'
import type { RE2JS } from 're2js'

/** Files have few expressions among them, and to compile one takes longer than to read a file. */
const compiled = new Map<string, RE2JS>()

/**
 * Whether a text holds what a regular expression of Go matches. The package that reads it is loaded at the first one.
 * @throws Error that says why it is none
 */
export function matchesGo(expression: string, text: string): boolean {
  return patternOf(expression).test(text)
}

/** Why a text is no regular expression of Go; `undefined` where it is one. */
export function goRegexProblem(expression: string): string | undefined {
  try {
    patternOf(expression)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

function patternOf(expression: string): RE2JS {
  const known = compiled.get(expression)
  if (known) return known
  const { RE2JS } = createRequire(import.meta.url)('re2js') as typeof import('re2js')
  const pattern = RE2JS.compile(expression)
  compiled.set(expression, pattern)
  return pattern
}
