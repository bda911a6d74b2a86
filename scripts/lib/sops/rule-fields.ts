import { isMapping, listAt, valueAt } from '../yaml/values.ts'

/** What sops takes for the value of a field; it refuses the whole file for another one. */
type FieldKind = 'text' | 'texts' | 'mappings' | 'number' | 'flag' | 'anything'

/** The settings that say what is encrypted, of which a rule may have one (sops v3.13.3 config/config.go configFromRule). */
export const selectorFields = [
  'unencrypted_suffix',
  'encrypted_suffix',
  'unencrypted_regex',
  'encrypted_regex',
  'unencrypted_comment_regex',
  'encrypted_comment_regex',
] as const

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
  ...Object.fromEntries(selectorFields.map((field) => [field, 'text' as const])),
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

/**
 * Why sops refuses a file with creation rules, although it is YAML: a field has a value of another kind.
 * @param value of its first document
 * @returns it quotes no value; `undefined` where it takes the file
 */
export function shapeProblem(value: unknown): string | undefined {
  if (value !== undefined && value !== null && !isMapping(value)) return 'it is no mapping'
  if (!fits(valueAt(value, 'creation_rules'), 'mappings')) return 'creation_rules is no list of mappings'
  return listAt(value, 'creation_rules')
    .map((rule, index) => {
      const wrong =
        wrongField(rule, kindsOfRule) ?? listAt(rule, 'key_groups').map(wrongInGroup).find(Boolean)
      return wrong && `in creation rule ${index + 1} ${wrong}`
    })
    .find(Boolean)
}

function wrongInGroup(group: unknown): string | undefined {
  const wrong = wrongField(group, kindsOfGroup)
  return wrong
    ? `a key group has a wrong field: ${wrong}`
    : listAt(group, 'merge').map(wrongInGroup).find(Boolean)
}

const wanted: Readonly<Record<FieldKind, string>> = {
  text: 'no text',
  texts: 'no list of texts',
  mappings: 'no list of mappings',
  number: 'no number',
  flag: 'neither true nor false',
  anything: '',
}

function wrongField(value: unknown, kinds: Readonly<Record<string, FieldKind>>): string | undefined {
  const found = Object.entries(kinds).find(([field, kind]) => !fits(valueAt(value, field), kind))
  return found && `${found[0]} is ${wanted[found[1]]}`
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
      return typeof value === 'boolean'
    default:
      return true
  }
}
