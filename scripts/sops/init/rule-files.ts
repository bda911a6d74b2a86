import { join, posix } from 'node:path'
import { type Finding, finding } from '../../findings/finding.ts'
import type { Repository } from '../../lib/git/git.ts'
import type { Reader } from '../../lib/repository/reader.ts'
import { configName } from '../../lib/sops/creation-rules.ts'
import { hasKeys } from '../../lib/sops/rule-keys.ts'
import { parseRules, type WrittenRule } from '../../lib/sops/rule-text.ts'

/** The creation rules that a repository has. */
export interface RuleFiles {
  /** Their names relative to the root, the outermost first. */
  files: { file: string; rules: WrittenRule[] }[]
  /** Why none can be made although none can be used. */
  refused: Finding[]
}

/**
 * Reads all files with creation rules; one at the root also where git ignores it.
 * @param names relative to the root, also of files that are gone
 */
export function readRuleFiles(
  { root, env }: Repository,
  names: readonly string[],
  bytesOf: Reader,
): RuleFiles {
  const parsed = (name: string) =>
    [...new Set([name, ...names])]
      .filter((file) => posix.basename(file) === name)
      .flatMap((file) => {
        const bytes = bytesOf(file)
        return bytes ? [{ file, ...parseRules(bytes) }] : []
      })
  const read = parsed(configName)
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
  for (const { file } of parsed('.sops.yml')) {
    const renamed = posix.join(posix.dirname(file), configName)
    refused.push(finding('rules-misnamed', { file }, { file, renamed }))
  }
  return { files, refused }
}
