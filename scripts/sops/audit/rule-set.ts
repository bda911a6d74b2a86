import { posix } from 'node:path'
import { type CreationRule, configName } from '../../lib/sops/creation-rules.ts'
import { placesIn } from '../../lib/sops/reader/places.ts'
import { ageRecipients } from '../../lib/sops/recipients.ts'
import { nodeAt, parseDocuments } from '../../lib/yaml/documents.ts'
import { listAt, textAt } from '../../lib/yaml/values.ts'

/** A creation rule with its place. */
export interface PlacedRule extends CreationRule {
  /** From 1. */
  line: number
  /** From 1. */
  column: number
  /** Its fields, as they are written. */
  value: unknown
}

/** A `.sops.yaml` of the repository. */
export interface PlacedRules {
  /** Relative to the root. */
  file: string
  /** The root itself is `.`. */
  directory: string
  rules: readonly PlacedRule[]
  /** Why it can't be read, with the line. */
  problem: string | undefined
}

/** The rules that select a file. */
export interface RuleChoice {
  rules: PlacedRules
  /** The first that matches; `undefined`: none does. */
  rule: PlacedRule | undefined
}

/** All creation rules of a repository. */
export interface RuleSet {
  files: readonly PlacedRules[]
  /** Those that sops takes for a file, where it is called in the directory of the file; `undefined`: there is no `.sops.yaml` in it or above. */
  choiceFor(file: string): RuleChoice | undefined
}

/**
 * Reads the creation rules.
 * @param names what git lists
 * @param read gives what is in a file
 */
export async function readRuleSet(
  names: readonly string[],
  read: (file: string) => Buffer | undefined,
): Promise<RuleSet> {
  const files = names
    .filter((name) => posix.basename(name) === configName)
    .map((file) => readRules(file, `${read(file) ?? ''}`))
  const byDirectory = new Map(files.map((one) => [one.directory, one]))
  const { RE2JS } = await import('re2js')
  const compiled = new Map<string, (path: string) => boolean>()
  const matcherOf = (expression: string) => {
    const known = compiled.get(expression)
    if (known) return known
    let matches = (_: string) => false
    try {
      const pattern = RE2JS.compile(expression)
      matches = (path) => pattern.matcher(path).find()
    } catch {
      // sops refuses the whole file: the check of the rules says so
    }
    compiled.set(expression, matches)
    return matches
  }
  const rulesAbove = (directory: string): PlacedRules | undefined =>
    byDirectory.get(directory) ?? (directory === '.' ? undefined : rulesAbove(posix.dirname(directory)))
  return {
    files,
    choiceFor(file) {
      const rules = rulesAbove(posix.dirname(file))
      if (!rules) return undefined
      const path = rules.directory === '.' ? file : file.slice(rules.directory.length + 1)
      return {
        rules,
        rule: rules.rules.find(({ pathRegex }) => pathRegex === undefined || matcherOf(pathRegex)(path)),
      }
    },
  }
}

function readRules(file: string, text: string): PlacedRules {
  const directory = posix.dirname(file)
  // sops reads the first document only
  const [document] = parseDocuments(text)
  if (document?.problem) return { file, directory, rules: [], problem: document.problem }
  const placeOf = placesIn(text)
  const rules = listAt(document?.value, 'creation_rules').map((value, index) => {
    const node = nodeAt(document?.root ?? null, 'creation_rules', index)
    return {
      number: index + 1,
      pathRegex: textAt(value, 'path_regex') || undefined,
      recipients: ageRecipients(JSON.stringify(value)),
      value,
      ...placeOf(node?.range?.[0] ?? 0),
    }
  })
  return { file, directory, rules, problem: undefined }
}
