import { RE2JS } from 're2js'
import type { CreationRule } from './rule-text.ts'

/** Thrown where sops comes to a rule whose `path_regex` it cannot read, and refuses the file. */
export class BadPathRegex extends Error {
  readonly rule: CreationRule

  constructor(rule: CreationRule, message: string) {
    super(message)
    this.name = 'BadPathRegex'
    this.rule = rule
  }
}

const compiled = new Map<string, RE2JS>()

/**
 * Whether a text holds what a regular expression of Go matches.
 * @throws Error that says why it is none
 */
export function matchesGo(expression: string, text: string): boolean {
  let pattern = compiled.get(expression)
  if (!pattern) {
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

/**
 * The rule that sops takes: the first that matches (sops v3.13.3 config/config.go parseCreationRuleForFile).
 * @param path from the directory of the rules
 * @returns `undefined` where none does
 * @throws BadPathRegex
 */
export function firstRule<One extends CreationRule>(rules: readonly One[], path: string): One | undefined {
  return rules.find((rule) => {
    if (rule.pathRegex === undefined) return true
    try {
      return matchesGo(rule.pathRegex, path)
    } catch (error) {
      throw new BadPathRegex(rule, (error as Error).message)
    }
  })
}
