import { finding } from '../../../../findings/finding.ts'
import { goRegexProblem, matchesGo } from '../../../../lib/sops/go-expression.ts'
import type { WrittenRule } from '../../../../lib/sops/rule-text.ts'
import type { Check } from '../../check.ts'
import { pathFrom } from '../../rule-set.ts'
import { examplePaths } from './examples.ts'
import { judgedRules } from './judged-rules.ts'
import { ruleWords } from './rule-words.ts'

/**
 * Finds the rules that never decide, for those before them select all that they would: all files that are there, and all that can
 * be thought of.
 */
export const checkRuleOrder: Check = (subject) =>
  judgedRules(subject).flatMap((rules) => {
    const { file, directory, rules: listed = [] } = rules
    const below = subject.names.flatMap((name) => pathFrom(directory, name) ?? [])
    return listed.flatMap((rule, index) => {
      const before = listed.slice(0, index)
      // sops refuses what comes to a rule that it can't read
      if ([...before, rule].some(({ pathRegex = '' }) => goRegexProblem(pathRegex))) return []
      const earlier = takesAll(before, rule, below)
      if (!earlier) return []
      const facts = { number: `${rule.number}`, earlier: ruleWords(rules, earlier) }
      return finding('rule-shadowed', { file, ...rule.placeOf('path_regex') }, facts)
    })
  })

/** The rule that takes the first of what another one would select, where those before it take all of that. */
function takesAll(
  before: readonly WrittenRule[],
  { pathRegex }: WrittenRule,
  below: readonly string[],
): WrittenRule | undefined {
  const same = before.find((rule) => rule.pathRegex === undefined || rule.pathRegex === pathRegex)
  if (same || pathRegex === undefined) return same
  const examples = examplePaths(pathRegex)?.filter((path) => matchesGo(pathRegex, path)) ?? []
  const [first] = examples
  if (first === undefined) return undefined
  const taking = (path: string) => before.find((rule) => matchesGo(rule.pathRegex ?? '', path))
  if (!examples.every(taking)) return undefined
  return below.every((path) => taking(path) || !matchesGo(pathRegex, path)) ? taking(first) : undefined
}
