import { isMapping, listAt, valueAt } from '../yaml/values.ts'
import { selectorNames } from './reader/reading.ts'

/** What sops takes for the value of a field; it refuses the whole file for another one. */
type FieldKind = 'text' | 'texts' | 'mappings' | 'number' | 'flag' | 'anything'

const kindsOfRule: Readonly<Record<string, FieldKind>> = {
  path_regex: 'text',
  age: 'anything',
  pgp: 'anything',
  kms: 'anything',
  aws_profile: 'text',
  gcp_kms: 'anything',
  hckms: 'texts',
  azure_keyvault: 'anything',
  hc_vault_transit_uri: 'anything',
  key_groups: 'mappings',
  shamir_threshold: 'number',
  mac_only_encrypted: 'flag',
  ...Object.fromEntries(selectorNames.map((field) => [field, 'text' as const])),
}

const kindsOfGroup: Readonly<Record<string, FieldKind>> = {
  merge: 'mappings',
  age: 'texts',
  pgp: 'texts',
  hc_vault: 'texts',
  kms: 'mappings',
  gcp_kms: 'mappings',
  hckms: 'mappings',
  azure_keyvault: 'mappings',
}

/** The fields of a creation rule that sops knows (sops v3.13.3 config/config.go creationRule). */
export const ruleFields: readonly string[] = Object.keys(kindsOfRule)

/** The fields of a key group that sops knows (sops v3.13.3 config/config.go keyGroup). */
export const groupFields: readonly string[] = Object.keys(kindsOfGroup)

/** What sops refuses a file with creation rules for, although it is YAML. */
export interface ShapeProblem {
  /** It quotes no value. */
  problem: string
  /** Where it is in the document. */
  path: readonly (string | number)[]
}

/**
 * Finds a field that has a value of another kind than sops takes.
 * @param value of the first document of a file with creation rules
 * @returns `undefined` where sops takes the file
 */
export function shapeProblem(value: unknown): ShapeProblem | undefined {
  if (value !== undefined && value !== null && !isMapping(value)) return { problem: 'no mapping', path: [] }
  const path = ['creation_rules']
  if (!fits(valueAt(value, ...path), 'mappings'))
    return { problem: 'creation_rules is no list of mappings', path }
  return firstOf(listAt(value, ...path), path, (rule, at) => {
    return wrongField(rule, kindsOfRule, at) ?? wrongInGroups(rule, [...at, 'key_groups'])
  })
}

/** @param path of a list of groups, whose last part is its field */
function wrongInGroups(value: unknown, path: ShapeProblem['path']): ShapeProblem | undefined {
  return firstOf(listAt(value, path.at(-1) ?? ''), path, (group, at) => {
    return wrongField(group, kindsOfGroup, at) ?? wrongInGroups(group, [...at, 'merge'])
  })
}

function firstOf(
  list: readonly unknown[],
  path: ShapeProblem['path'],
  look: (item: unknown, at: ShapeProblem['path']) => ShapeProblem | undefined,
): ShapeProblem | undefined {
  for (const [index, item] of list.entries()) {
    const found = look(item, [...path, index])
    if (found) return found
  }
  return undefined
}

const wanted: Readonly<Record<FieldKind, string>> = {
  text: 'no text',
  texts: 'no list of texts',
  mappings: 'no list of mappings',
  number: 'no number',
  flag: 'neither true nor false',
  anything: '',
}

function wrongField(
  value: unknown,
  kinds: Readonly<Record<string, FieldKind>>,
  path: ShapeProblem['path'],
): ShapeProblem | undefined {
  const [field, kind] = Object.entries(kinds).find(([name, one]) => !fits(valueAt(value, name), one)) ?? []
  return field !== undefined && kind
    ? { problem: `${field} is ${wanted[kind]}`, path: [...path, field] }
    : undefined
}

/** Go takes what is empty for every kind, and numbers and booleans for texts. */
function fits(value: unknown, kind: FieldKind): boolean {
  if (value === undefined || value === null) return true
  const isScalar = (one: unknown) => typeof one !== 'object' || one === null
  switch (kind) {
    case 'text':
      return isScalar(value)
    case 'texts':
      return Array.isArray(value) && value.every(isScalar)
    case 'mappings':
      return Array.isArray(value) && value.every((item) => item === null || isMapping(item))
    case 'number':
      return Number.isInteger(value)
    case 'flag':
      // Go reads those of YAML 1.1 as well, where it wants one
      return typeof value === 'boolean' || /^(?:y|yes|on|n|no|off)$/i.test(`${value}`)
    default:
      return true
  }
}
