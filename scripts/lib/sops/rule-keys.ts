import { isMapping, listAt, valueAt } from '../yaml/values.ts'
import { type FileMetadata, selectorNames } from './reader/reading.ts'

/** A group of keys of a creation rule, any of which opens it. */
export interface RuleGroup {
  /** Recipients of age, as they are written, each once. */
  age: string[]
  /** The fields of the metadata in which its other keys stand: `pgp`, `kms` … */
  others: string[]
  /** How many keys it has in all. */
  count: number
}

/** The fields of a rule and of a group with keys, by the field of the metadata for which each stands (sops v3.13.3 config/config.go). */
const keyFields = {
  rule: {
    pgp: 'pgp',
    kms: 'kms',
    gcp_kms: 'gcp_kms',
    hckms: 'hckms',
    azure_kv: 'azure_keyvault',
    hc_vault: 'hc_vault_transit_uri',
  },
  group: {
    pgp: 'pgp',
    kms: 'kms',
    gcp_kms: 'gcp_kms',
    hckms: 'hckms',
    azure_kv: 'azure_keyvault',
    hc_vault: 'hc_vault',
  },
} as const

/** The fields of a rule that name keys where it has no key groups. */
export const keyFieldsOfRule: readonly string[] = ['age', ...Object.values(keyFields.rule)]

/**
 * The key groups of a creation rule: those that it lists, each with what is merged into it, or else one with the keys of the rule
 * itself (sops v3.13.3 config/config.go getKeyGroupsFromCreationRule).
 * @param rule as a plain value
 */
export function groupsOfRule(rule: unknown): RuleGroup[] {
  const listed = listAt(rule, 'key_groups')
  if (listed.length > 0) return listed.map((group) => readGroup(group, keyFields.group))
  return [readGroup(rule, keyFields.rule)]
}

/** Whether any of these groups has a key. */
export function hasKeys(groups: readonly RuleGroup[]): boolean {
  return groups.some(({ count }) => count > 0)
}

function readGroup(group: unknown, fields: Readonly<Record<string, string>>): RuleGroup {
  const merged = listAt(group, 'merge').map((inner) => readGroup(inner, fields))
  const age = [...merged.flatMap((inner) => inner.age), ...textsAt(group, 'age').map(plainRecipient)]
  const others = Object.entries(fields).map(([kind, field]) => ({ kind, count: countAt(group, field) }))
  const kinds = others.filter(({ count }) => count > 0).map(({ kind }) => kind)
  const own = new Set(age).size + others.reduce((sum, { count }) => sum + count, 0)
  return {
    age: [...new Set(age)],
    others: [...new Set([...merged.flatMap((inner) => inner.others), ...kinds])],
    count: own + merged.reduce((sum, { count, age: { length } }) => sum + count - length, 0),
  }
}

/** The keys of a field: a text with commas, or a list of such texts. */
function textsAt(value: unknown, field: string): string[] {
  const found = valueAt(value, field)
  const texts = Array.isArray(found) ? found : [found]
  return texts
    .filter((text) => typeof text === 'string')
    .flatMap((text) => text.split(','))
    .map((text) => text.trim())
    .filter(Boolean)
}

/** Those of cloud services may be mappings. */
function countAt(value: unknown, field: string): number {
  return textsAt(value, field).length + listAt(value, field).filter(isMapping).length
}

/** A recipient as it is compared: the comment of one of SSH says nothing. */
export function plainRecipient(text: string): string {
  return text.startsWith('ssh-') ? text.split(/\s+/, 2).join(' ') : text
}

/** The recipients of age in key groups that are no keys of SSH, each once. */
export function ageOf(groups: readonly RuleGroup[]): string[] {
  const all = groups.flatMap(({ age }) => age)
  return [...new Set(all.filter((recipient) => recipient.startsWith('age1')))]
}

/**
 * What sops would write into a file that it encrypts by a rule (sops v3.13.3 cmd/sops/main.go: the suffix where nothing is set).
 * @param rule as a plain value
 */
export function selectorOf(rule: unknown): FileMetadata['selector'] {
  const name = selectorNames.find((field) => valueAt(rule, field))
  return name
    ? { name, text: `${valueAt(rule, name)}` }
    : { name: 'unencrypted_suffix', text: '_unencrypted' }
}
