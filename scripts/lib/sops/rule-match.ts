import { matchesGo } from './go-expression.ts'
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
