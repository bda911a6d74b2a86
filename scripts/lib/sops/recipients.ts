import { isMapping, listAt, type Mapping, textAt, valueAt } from '../yaml/values.ts'
import { ciphertextStart } from './format.ts'

/** Who can decrypt a SOPS file. */
export interface KeyGroup {
  /** Recipients of age, any of which can open this group. */
  age: string[]
  /** Whether a key that is not of age (PGP, a cloud KMS, Vault) can open it too. */
  others: boolean
}

/**
 * Reads from the metadata of a SOPS file of any format who can decrypt it. What else is in the file, comments and
 * annotations for example, says nothing.
 * @returns the key groups: usually one; of several, every one must be opened, those of all documents among them. `undefined`
 *   where the text is no SOPS file.
 */
export async function readKeyGroups(text: string): Promise<KeyGroup[] | undefined> {
  if (!text.includes(ciphertextStart)) return undefined
  const blocks = linesOfBlocks(text)
  // as sops writes YAML, it can be read without the parser, which takes longer than all else
  if (blocks.length > 0 && !blocks.some((lines) => /^ +key_groups:/m.test(lines)))
    return unique(blocks.map(plainGroup))
  const { parseDocuments } = await import('../yaml/documents.ts')
  const found = [...parseDocuments(text).map(({ value }) => valueAt(value, 'sops')), flatBlock(text)]
  const groups = found.filter(isMapping).flatMap(groupsOf)
  return groups.length > 0 ? unique(groups) : undefined
}

/** The blocks that `sops:` begins in a line of its own, one for each document. */
function linesOfBlocks(text: string): string[] {
  return text.match(/^sops:\r?\n(?:(?: .*)?\r?\n|[ ].*$)+/gm) ?? []
}

function plainGroup(lines: string): KeyGroup {
  const recipients = lines.matchAll(/^ +(?:- )?recipient: (\S.*?)\r?$/gm)
  return {
    age: [...recipients].map(([, recipient]) => recipient!),
    others: /^ +(?:- )?(?:fp|arn|resource_id|vault_url|vault_address): /m.test(lines),
  }
}

/** The fields that hold the keys which are not of age (sops v3.13.2 stores/stores.go). */
const otherKeys = ['pgp', 'kms', 'gcp_kms', 'hckms', 'azure_kv', 'hc_vault']

function groupsOf(block: Mapping): KeyGroup[] {
  const groups = listAt(block, 'key_groups')
  return (groups.length > 0 ? groups : [block]).map((group) => ({
    age: listAt(group, 'age').flatMap((key) => textAt(key, 'recipient') ?? []),
    others: otherKeys.some((field) => listAt(group, field).length > 0),
  }))
}

/**
 * The block of a dotenv or INI file, whose fields are lines of their own: `sops_age__list_0__map_recipient=…`
 * (sops v3.13.2 stores/flatten.go).
 */
function flatBlock(text: string): Mapping | undefined {
  const ini = /^\[sops\]$(.*)/ms.exec(text)?.[1]
  const lines = ini?.replace(/^\[[\s\S]*/m, '') ?? text
  const pattern = ini === undefined ? /^sops_(\w+)=(.*)$/gm : /^(\w+) *= *(.*)$/gm
  const block: Mapping = {}
  for (const [, name, value] of lines.matchAll(pattern)) put(block, name!.split(/__(?:list|map)_/), value!)
  return Object.keys(block).length > 0 ? block : undefined
}

/** Puts a value under a path; a number in it is the index of a list. */
function put(into: Mapping, [key, ...rest]: string[], value: string): void {
  const [next] = rest
  if (next === undefined) into[key!] = value
  else {
    into[key!] ??= /^\d+$/.test(next) ? [] : {}
    put(into[key!] as Mapping, rest, value)
  }
}

function unique(groups: readonly KeyGroup[]): KeyGroup[] {
  return [...new Map(groups.map((group) => [JSON.stringify(group), group])).values()]
}

/** Every age recipient that a text names, such as a `.sops.yaml`. */
export function ageRecipients(text: string): string[] {
  return [...new Set(text.match(/\bage1[a-z0-9]{50,}\b/g))]
}

/**
 * Whether somebody can decrypt a file who has the private keys of `recipients`.
 * @param groups of the file
 * @param others whether they have keys that are not of age as well
 */
export function canDecrypt(
  groups: readonly KeyGroup[],
  recipients: ReadonlySet<string>,
  others: boolean,
): boolean {
  return groups.every(
    (group) => group.age.some((recipient) => recipients.has(recipient)) || (group.others && others),
  )
}
