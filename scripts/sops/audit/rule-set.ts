import { posix, resolve } from 'node:path'
import type { Repository } from '../../lib/git/git.ts'
import { pathBelow } from '../../lib/paths.ts'
import { configName } from '../../lib/sops/creation-rules.ts'
import { BadPathRegex, firstRule } from '../../lib/sops/rule-match.ts'
import { parseRules, type RuleText, type WrittenRule } from '../../lib/sops/rule-text.ts'

/** A file with creation rules in the repository. */
export interface PlacedRules extends RuleText {
  /** Relative to the root. */
  file: string
  /** The root itself is `.`. */
  directory: string
}

/** What the rules of one file say of another file. */
export interface RuleChoice {
  rules: PlacedRules
  /** The first that matches; `undefined`: none does. */
  rule: WrittenRule | undefined
  /** Whether sops refuses the file, for it comes to a rule that it can't read. */
  refused: boolean
}

/** A rule that selects a file. */
export interface SelectingRule {
  rules: PlacedRules
  rule: WrittenRule
}

/** All creation rules of a repository. */
export interface RuleSet {
  /** In the order of their names. */
  files: readonly PlacedRules[]
  /** The one that SOPS_CONFIG names, which then stands for all others. */
  configured: PlacedRules | undefined
  /**
   * What sops takes for a file, by where it is called: each file with rules in the directory of the file and above, the nearest
   * first. None: there is no such file.
   */
  choicesFor(file: string): readonly RuleChoice[]
  /** Those of them with a rule that selects the file. */
  selecting(file: string): readonly SelectingRule[]
}

/**
 * Reads the creation rules.
 * @param names what git lists
 * @param read gives what is in a file
 */
export function readRuleSet(
  { root, env }: Repository,
  names: readonly string[],
  read: (file: string) => Buffer | undefined,
): RuleSet {
  const named = env.SOPS_CONFIG ? pathBelow(root, resolve(root, env.SOPS_CONFIG)) : undefined
  const found = names.filter((name) => posix.basename(name) === configName)
  const all = named !== undefined && read(named) ? new Set([...found, named]) : found
  const files = [...all].toSorted().map((file): PlacedRules => {
    return { file, directory: posix.dirname(file), ...parseRules(read(file) ?? Buffer.alloc(0)) }
  })
  const configured = files.find(({ file }) => file === named)
  const byDirectory = new Map(files.map((one) => [one.directory, one]))
  const above = (directory: string): PlacedRules[] => [
    ...[byDirectory.get(directory)].filter((one) => one !== undefined),
    ...(directory === '.' ? [] : above(posix.dirname(directory))),
  ]
  const known = new Map<string, readonly RuleChoice[]>()
  const choicesFor = (file: string) => {
    const chosen =
      known.get(file) ??
      (configured ? [configured] : above(posix.dirname(file))).map((rules) => choose(rules, file, root))
    known.set(file, chosen)
    return chosen
  }
  const selecting = (file: string) =>
    choicesFor(file).flatMap(({ rules, rule }) => (rule ? [{ rules, rule }] : []))
  return { files, configured, choicesFor, selecting }
}

/** @param root of the repository: sops matches the absolute path of what is not below the directory of the rules */
function choose(rules: PlacedRules, file: string, root: string): RuleChoice {
  const path = pathFrom(rules.directory, file) ?? `${root}/${file}`
  try {
    return { rules, rule: firstRule(rules.rules ?? [], path), refused: false }
  } catch (error) {
    if (error instanceof BadPathRegex) return { rules, rule: undefined, refused: true }
    throw error
  }
}

/** The path of a file from a directory, both relative to the root; `undefined` where it is not below it. */
export function pathFrom(directory: string, file: string): string | undefined {
  if (directory === '.') return file
  return file.startsWith(`${directory}/`) ? file.slice(directory.length + 1) : undefined
}
