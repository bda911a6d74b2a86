import { nodeAt, parseDocuments } from '../yaml/documents.ts'
import { listAt, valueAt } from '../yaml/values.ts'
import { placesIn } from './reader/places.ts'
import type { TextPlace } from './reader/reading.ts'
import { shapeProblem } from './rule-fields.ts'
import { ageOf, groupsOfRule, type RuleGroup } from './rule-keys.ts'

/** An entry of `creation_rules`. */
export interface CreationRule {
  /** Its place in the list, from 1. */
  number: number
  /** A regular expression of Go; `undefined` where it selects every file. */
  pathRegex: string | undefined
  /** The age recipients that it names, those of its key groups among them. */
  recipients: string[]
}

/** A creation rule with all that is written in it. */
export interface WrittenRule extends CreationRule, TextPlace {
  /** Its fields as plain values, aliases and merge keys resolved. */
  value: unknown
  /** The keys that open what it encrypts. */
  groups: RuleGroup[]
  /** Where one of its fields is written; the rule itself where an alias or a merge key brings it. */
  placeOf(field: string): TextPlace
}

/** What is in a file with creation rules. */
export interface RuleText {
  /** `undefined` where it has none and no destination rules either: sops then encrypts as if there were no such file. */
  rules: WrittenRule[] | undefined
  /** Why it can't be read, with the line; it quotes nothing. */
  problem: string | undefined
}

/**
 * Reads a file with creation rules, as sops does (sops v3.13.3 config/config.go): the first document only.
 * @param bytes UTF-8, or with a byte order mark UTF-16
 */
export function parseRules(bytes: Buffer): RuleText {
  const text = new TextDecoder(encodingOf(bytes)).decode(bytes)
  const [document] = parseDocuments(text)
  const value = document?.value
  if (document?.problem) return { rules: undefined, problem: document.problem }
  const placeOf = placesIn(text)
  const shape = shapeProblem(value)
  if (shape) {
    const { line } = placeOf(nodeAt(document?.root ?? null, ...shape.path)?.range?.[0] ?? 0)
    return { rules: undefined, problem: `${shape.problem} in line ${line}` }
  }
  const rules = listAt(value, 'creation_rules').map((rule, index) => {
    const place = (...path: string[]) =>
      nodeAt(document?.root ?? null, 'creation_rules', index, ...path)?.range?.[0]
    const groups = groupsOfRule(rule)
    return {
      number: index + 1,
      pathRegex: `${valueAt(rule, 'path_regex') ?? ''}` || undefined,
      recipients: ageOf(groups),
      value: rule,
      groups,
      ...placeOf(place() ?? 0),
      placeOf: (field: string) => placeOf(place(field) ?? place() ?? 0),
    }
  })
  // one that says where sops publishes files is meant to have none
  const isMeant = valueAt(value, 'creation_rules') || listAt(value, 'destination_rules').length > 0
  return { rules: isMeant ? rules : undefined, problem: undefined }
}

/** As the package tells it with which sops reads YAML (go.yaml.in/yaml/v3 readerc.go yaml_parser_determine_encoding). */
function encodingOf(bytes: Buffer): string {
  const mark = bytes.subarray(0, 2).toString('hex')
  return { fffe: 'utf-16le', feff: 'utf-16be' }[mark] ?? 'utf-8'
}
