import { isMapping, listAt, type Mapping, textAt, valueAt } from '../yaml/values.ts'
import { ciphertextStart } from './format.ts'
import type { StanzaGroup } from './reader/reading.ts'

/** A group of keys, any of which opens it. */
export interface KeyGroup {
  /** Recipients of age. */
  age: string[]
  /** The kinds of its other keys: the fields of the metadata that they stand in, as `pgp` and `kms`. */
  others: string[]
}

/** What opens one document of a SOPS file. */
export interface KeyGroups {
  /** Usually one. */
  groups: KeyGroup[]
  /** How many of the groups must be opened (sops v3.13.3 sops.go GetDataKeyWithKeyServices: all, where it is not set). */
  threshold: number
}

/**
 * Reads from the metadata of a SOPS file of any format who can decrypt it. What else is in the file, comments and
 * annotations for example, says nothing.
 * @returns the key groups of each document, all of which must be opened; those that are alike once. `undefined` where the text
 *   is no SOPS file.
 */
export async function readKeyGroups(text: string): Promise<KeyGroups[] | undefined> {
  if (!text.includes(ciphertextStart)) return undefined
  const blocks = linesOfBlocks(text)
  if (blocks.length > 0 && isAsWritten(text, blocks)) return unique(blocks.map(plainGroup))
  const { parseDocuments } = await import('../yaml/documents.ts')
  const found = [...parseDocuments(text).map(({ value }) => valueAt(value, 'sops')), flatBlock(text)]
  const documents = found.filter(isMapping).map(groupsOf)
  return documents.length > 0 ? unique(documents) : undefined
}

/** The blocks that `sops:` begins in a line of its own, one for each document. */
function linesOfBlocks(text: string): string[] {
  return text.match(/^sops:\r?\n(?:(?: .*)?\r?\n|[ ].*$)+/gm) ?? []
}

/** A recipient as sops writes it. */
const plainRecipient = /^ +(?:- +)?recipient: (age1[a-z0-9]+|ssh-[^#"']+?)\r?$/gm

/**
 * Whether the blocks stand as sops writes YAML: then they are read without the parser, which takes longer than all else. With
 * quotes, comments or key groups they are not.
 */
function isAsWritten(text: string, blocks: readonly string[]): boolean {
  const all = text.match(/\brecipient["']?:/g)?.length ?? 0
  const read = blocks.reduce((sum, lines) => sum + (lines.match(plainRecipient)?.length ?? 0), 0)
  return all === read && !blocks.some((lines) => /^ +key_groups:/m.test(lines))
}

function plainGroup(lines: string): KeyGroups {
  const age = [...lines.matchAll(plainRecipient)].map(([, recipient]) => recipient!)
  const others = otherKeys.filter((field) => new RegExp(`^ +${field}:(?! *\\[\\])`, 'm').test(lines))
  return { groups: [{ age, others }], threshold: 1 }
}

/** The fields that hold the keys which are not of age (sops v3.13.3 stores/stores.go). */
export const otherKeys = ['pgp', 'kms', 'gcp_kms', 'hckms', 'azure_kv', 'hc_vault']

/** The kinds of keys that the controller can use by its own identity at a cloud provider. */
export const providerKeys = otherKeys.filter((kind) => kind !== 'pgp')

function groupsOf(block: Mapping): KeyGroups {
  const listed = listAt(block, 'key_groups')
  const groups = (listed.length > 0 ? listed : [block]).map((group) => ({
    age: listAt(group, 'age').flatMap((key) => textAt(key, 'recipient') ?? []),
    others: otherKeys.filter((field) => listAt(group, field).length > 0),
  }))
  // text in dotenv and INI files; of one group it says nothing (sops v3.13.3 sops.go GetDataKeyWithKeyServices)
  const threshold = Number(valueAt(block, 'shamir_threshold')) || groups.length
  return { groups, threshold: groups.length === 1 ? 1 : threshold }
}

/**
 * The block of a dotenv or INI file, whose fields are lines of their own: `sops_age__list_0__map_recipient=…`
 * (sops v3.13.3 stores/flatten.go).
 */
function flatBlock(text: string): Mapping | undefined {
  const ini = /^\[sops\]$(.*)/ms.exec(text)?.[1]
  const lines = ini?.replace(/^\[[\s\S]*/m, '') ?? text
  const pattern = ini === undefined ? /^sops_(\w+)=(.*)$/gm : /^(\w+) *= *(.*)$/gm
  const block: Mapping = Object.create(null)
  for (const [, name, value] of lines.matchAll(pattern)) put(block, name!.split(/__(?:list|map)_/), value!)
  return Object.keys(block).length > 0 ? block : undefined
}

/** Puts a value under a path; a number in it is the index of a list. */
function put(into: Mapping, [key, ...rest]: string[], value: string): void {
  const [next] = rest
  if (next === undefined) into[key!] = value
  else {
    const inner = into[key!]
    // no field of a file reaches a prototype
    const made = typeof inner === 'object' ? inner : /^\d+$/.test(next) ? [] : Object.create(null)
    into[key!] = made
    put(made as Mapping, rest, value)
  }
}

function unique(documents: readonly KeyGroups[]): KeyGroups[] {
  return [...new Map(documents.map((document) => [JSON.stringify(document), document])).values()]
}

/** Every age recipient that a text names, such as a `.sops.yaml`. */
export function ageRecipients(text: string): string[] {
  return [...new Set(text.match(/\bage1[a-z0-9]{50,}\b/g))]
}

/**
 * Whether somebody can decrypt a file who has the private keys of `recipients`.
 * @param documents the key groups of each document of the file
 * @param others the kinds of other keys that they have as well
 */
export function canDecrypt(
  documents: readonly KeyGroups[],
  recipients: ReadonlySet<string>,
  others: readonly string[] = [],
): boolean {
  const isOpened = (group: KeyGroup) =>
    group.age.some((recipient) => recipients.has(recipient)) ||
    group.others.some((kind) => others.includes(kind))
  return documents.every(({ groups, threshold }) => groups.filter(isOpened).length >= threshold)
}

/** Whether a recipient of age is one of a plugin, which it names: `age1yubikey1…` (age v1.3.1 plugin/encode.go). */
export function isPluginRecipient(recipient: string): boolean {
  return /^age1(?!pq1)[a-z0-9-]+?1/.test(recipient)
}

/** Every age recipient that could help to open a file, each once. */
export function recipientsAmong(documents: readonly KeyGroups[]): string[] {
  return [...new Set(documents.flatMap(({ groups }) => groups.flatMap(({ age }) => age)))]
}

/** The recipients of age in the key groups of a file that was read, as they are written. */
export function recipientsOfStanzas(groups: readonly StanzaGroup[]): string[] {
  return groups.flatMap(({ age }) => age.map(({ recipient }) => recipient))
}

/** Whether a recipient is a hybrid one, of X25519 and ML-KEM (age v1.3.1 pq.go). */
export function isPostQuantum(recipient: string): boolean {
  return recipient.startsWith('age1pq1')
}

/**
 * Recipients as people read them: those of X25519 whole, the much longer post-quantum ones by their beginning and end.
 * @returns them behind each other, with commas
 */
export function listRecipients(recipients: readonly string[]): string {
  return recipients.map(shortRecipient).join(', ')
}

/** One of them. */
export function shortRecipient(recipient: string): string {
  return recipient.length <= 70 ? recipient : `${recipient.slice(0, 20)}…${recipient.slice(-8)}`
}
