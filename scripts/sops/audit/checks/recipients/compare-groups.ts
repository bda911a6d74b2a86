import type { FileMetadata } from '../../../../lib/sops/reader/reading.ts'
import { plainRecipient } from '../../../../lib/sops/rule-keys.ts'
import type { WrittenRule } from '../../../../lib/sops/rule-text.ts'
import { valueAt } from '../../../../lib/yaml/values.ts'

/** Keys as they are compared: recipients of age, and of other keys the kind, which is all that is known of them. */
type Keys = ReadonlySet<string>

/** How the keys of a file differ from those of a rule. Order and form are no difference. */
export interface KeyDifference {
  /** The names for people of keys that the rule has, and the file has not. */
  missing: string[]
  /** As `missing`, the other way round. */
  left: string[]
  /** Where one has other key groups than the other: what each has, for people. */
  groups: { found: string; wanted: string } | undefined
}

/** Compares the keys of a file with those of a rule. @returns `undefined` where they are the same */
export function compareGroups(
  { groups, threshold }: Pick<FileMetadata, 'groups' | 'threshold'>,
  rule: WrittenRule,
): KeyDifference | undefined {
  const found = groups.map(({ age, others }) =>
    keysOf(
      age.map(({ recipient }) => recipient),
      others,
    ),
  )
  const wanted = rule.groups.filter(({ count }) => count > 0).map(({ age, others }) => keysOf(age, others))
  const least = wanted.length === 1 ? 1 : Number(valueAt(rule.value, 'shamir_threshold')) || wanted.length
  if (found.length !== wanted.length || (found.length > 1 && threshold !== least)) {
    const words = { found: groupWords(found.length, threshold), wanted: groupWords(wanted.length, least) }
    return { missing: [], left: [], groups: words }
  }
  const pairs = pairUp(found, wanted)
  const missing = pairs.flatMap(([has, wants]) => [...wants.difference(has)])
  const left = pairs.flatMap(([has, wants]) => [...has.difference(wants)])
  return missing.length + left.length > 0 ? { missing, left, groups: undefined } : undefined
}

function keysOf(age: readonly string[], others: readonly string[]): Keys {
  return new Set([...age.map(plainRecipient), ...others.map((kind) => `a ${kind} key`)])
}

function groupWords(groups: number, threshold: number): string {
  if (groups === 1) return 'one key group'
  return `${groups} key groups, of which ${threshold === groups ? 'all' : threshold} must be opened`
}

/** Each group with one of the others, first those that have most in common: their order says nothing. */
function pairUp(found: readonly Keys[], wanted: readonly Keys[]): [found: Keys, wanted: Keys][] {
  const all = found.flatMap((has) => wanted.map((wants): [Keys, Keys] => [has, wants]))
  const shared = ([has, wants]: [Keys, Keys]) => has.intersection(wants).size
  const paired = new Set<Keys>()
  return all
    .toSorted((a, b) => shared(b) - shared(a))
    .filter((pair) => {
      if (pair.some((keys) => paired.has(keys))) return false
      for (const keys of pair) paired.add(keys)
      return true
    })
}
