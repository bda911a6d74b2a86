import { existsSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { type Finding, finding } from '../../findings/finding.ts'
import type { Repository } from '../../lib/git.ts'
import { configName, findRuleFile, ruleFor } from '../../lib/sops/creation-rules.ts'
import { hasKeys } from '../../lib/sops/rule-keys.ts'
import { parseRules, type WrittenRule } from '../../lib/sops/rule-text.ts'
import { secretKeys } from '../../lib/sops/sops.ts'
import { formOf, type UsedName } from './names.ts'
import { newRules } from './rules.ts'

/** The creation rules that a repository has. */
export interface RuleFiles {
  /** Their names relative to the root, the outermost first. */
  files: { file: string; rules: WrittenRule[] }[]
  /** Why none can be made although none can be used. */
  refused: Finding[]
}

/**
 * Reads all files with creation rules, also one that git ignores.
 * @param names of files that are there, relative to the root
 */
export function readRuleFiles({ root, env }: Repository, names: readonly string[]): RuleFiles {
  const called = (name: string) =>
    [...new Set([...(existsSync(join(root, name)) ? [name] : []), ...names])].filter(
      (file) => posix.basename(file) === name,
    )
  const read = called(configName).map((file) => ({ file, ...parseRules(readFileSync(join(root, file))) }))
  const refused: Finding[] = read.flatMap(({ file, problem }) =>
    problem === undefined ? [] : [finding('rules-unreadable', { file }, { problem })],
  )
  if (env.SOPS_CONFIG && env.SOPS_CONFIG !== join(root, configName))
    refused.push(finding('rules-by-variable', { object: 'SOPS_CONFIG' }, { config: env.SOPS_CONFIG }))
  const files = read.map(({ file, rules = [] }) => ({ file, rules }))
  const isUsable = files.some(({ rules }) => rules.some(({ groups }) => hasKeys(groups)))
  if (isUsable || refused.length > 0) return { files, refused }
  for (const { file, rules } of files)
    refused.push(
      rules.length === 0
        ? finding('rules-none', { file }, {})
        : finding('rule-without-key', { file, line: rules[0]?.line }, { number: '1' }),
    )
  for (const file of called('.sops.yml')) {
    const renamed = posix.join(posix.dirname(file), configName)
    refused.push(finding('rules-misnamed', { file }, { file, renamed }))
  }
  return { files, refused }
}

/**
 * Finds, once for each form, the names that a repository uses and none of its rules selects.
 * @throws UserError for a rule that sops cannot read either
 */
export async function namesInNoRule(
  repository: Repository,
  files: RuleFiles['files'],
  used: readonly UsedName[],
): Promise<Finding[]> {
  const { root } = repository
  const byPath = new Map(files.map(({ file, rules }) => [join(root, file), { file, rules }]))
  const outer = files[0]
  const found = new Map<string, Finding>()
  for (const one of used) {
    if (found.has(formOf(one))) continue
    const path = join(root, one.file)
    const nearest = nearestRules(join(root, posix.dirname(one.file)), repository, byPath)
    const { file, rules } = nearest ?? { file: outer?.file ?? configName, rules: [] }
    const ruleFile = { path: join(root, file), name: file }
    if (await ruleFor(path, rules, ruleFile)) continue
    const facts = { file: one.file, rule: ruleForName(one) }
    found.set(formOf(one), finding('names-in-no-rule', { file }, facts))
  }
  return [...found.values()]
}

function nearestRules<One>(
  directory: string,
  { root }: Repository,
  byPath: ReadonlyMap<string, One>,
): One | undefined {
  try {
    return byPath.get(findRuleFile(directory, { root, env: {} }, (path) => path).path)
  } catch {
    return undefined
  }
}

function ruleForName(one: UsedName): string {
  const rule = newRules([one]).find(({ examples }) => examples.includes(one.file))
  const selector = rule?.isForManifests ? [`encrypted_regex: ${secretKeys}`] : []
  return [`path_regex: ${rule?.pathRegex}`, ...selector, 'mac_only_encrypted: true'].join(', ')
}
