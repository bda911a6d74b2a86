import { posix } from 'node:path'
import { type Finding, finding } from '../../../../findings/finding.ts'
import { configName } from '../../../../lib/sops/creation-rules.ts'
import type { Check } from '../../check.ts'
import { pathFrom } from '../../rule-set.ts'
import { judgedRules } from './judged-rules.ts'

/** Looks at the files with creation rules as such: whether sops reads them, and which of them. */
export const checkRuleFiles: Check = (subject) => {
  const { names, rules, options } = subject
  const found: Finding[] = []
  for (const { file, directory, problem, rules: listed } of judgedRules(subject)) {
    if (problem) {
      const line = Number(/ in line (\d+)$/.exec(problem)?.[1]) || undefined
      found.push(finding('rules-unreadable', { file, line }, { problem }))
    } else if (!listed) found.push(finding('rules-none', { file }, {}))
    const outer = rules.files.find(
      (other) => other.directory !== directory && pathFrom(other.directory, file) !== undefined,
    )
    if (outer && !rules.configured) found.push(finding('rules-nested', { file }, { outer: outer.file }))
  }
  for (const file of names.filter((name) => posix.basename(name) === '.sops.yml')) {
    const renamed = posix.join(posix.dirname(file), configName)
    if (file !== rules.configured?.file) found.push(finding('rules-misnamed', { file }, { file, renamed }))
  }
  const config = options.caller.env.SOPS_CONFIG
  const others = rules.files.filter((one) => one !== rules.configured)
  // one that names the only file says what is so anyway
  if (config && (others.length > 0 || !rules.configured))
    found.push(finding('rules-by-variable', { object: 'SOPS_CONFIG' }, { config }))
  return found
}
