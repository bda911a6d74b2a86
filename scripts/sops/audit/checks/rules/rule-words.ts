import { describeRule } from '../../../../lib/sops/creation-rules.ts'
import type { WrittenRule } from '../../../../lib/sops/rule-text.ts'
import type { PlacedRules } from '../../rule-set.ts'

/** How a rule is called in a finding: `creation rule 2 of .sops.yaml (path_regex: \.enc\.yaml$)`. */
export function ruleWords({ file }: PlacedRules, rule: WrittenRule): string {
  return describeRule({ ruleFile: { name: file }, rule })
}
