import { otherKeys } from '../recipients.ts'
import { type PlainMetadata, unflatten } from './flat-metadata.ts'
import { type FileMetadata, type SopsFormat, type StanzaGroup, selectorNames } from './reading.ts'
import type { TreeBranch, TreeNode } from './tree.ts'
import { Unsure } from './unsure.ts'

/** A document without its metadata. */
export interface OpenDocument {
  branch: TreeBranch
  /** `undefined` where it has none. */
  metadata: PlainMetadata | undefined
  /** Where the metadata starts, else the document. */
  offset: number
}

/**
 * Takes the metadata out of a document: the key `sops`, or the keys of dotenv that start with `sops_` (sops v3.13.3
 * stores/metadata.go ExtractMetadata).
 * @throws Unsure where it is not a mapping, or there twice
 */
export function takeMetadata(branch: TreeBranch, format: SopsFormat): OpenDocument {
  const prefix = 'sops_'
  const isMetadata = ({ key }: { key: string }) =>
    format === 'dotenv' ? key.startsWith(prefix) : key === 'sops'
  const found = branch.items.filter((item) => item.kind === 'entry').filter(isMetadata)
  const [first] = found
  if (!first) return { branch, metadata: undefined, offset: branch.offset }
  const rest = {
    ...branch,
    items: branch.items.filter((item) => item.kind === 'comment' || !isMetadata(item)),
  }
  const open = (metadata: PlainMetadata) => ({ branch: rest, metadata, offset: first.offset })
  if (format === 'dotenv') {
    const items = found.map((item) => ({ ...item, key: item.key.slice(prefix.length) }))
    return open(unflatten({ ...branch, items }))
  }
  if (found.length > 1 || first.value.kind !== 'branch') throw new Unsure('metadata', first.offset)
  if (format !== 'ini') return open(plainOf(first.value) as PlainMetadata)
  return open(unflatten(withLineEnds(first.value)))
}

/** Lines of an armored text are written as `\n` in INI. */
function withLineEnds(branch: TreeBranch): TreeBranch {
  const items = branch.items.map((item) => {
    if (item.kind === 'comment' || item.value.kind !== 'leaf' || typeof item.value.value !== 'string')
      return item
    return { ...item, value: { ...item.value, value: item.value.value.replaceAll('\\n', '\n') } }
  })
  return { ...branch, items }
}

function plainOf(node: TreeNode): unknown {
  if (node.kind === 'leaf') return node.value
  if (node.kind === 'list') return node.items.filter((item) => item.kind !== 'comment').map(plainOf)
  const map: PlainMetadata = new Map()
  for (const item of node.items) {
    if (item.kind === 'comment') continue
    if (map.has(item.key)) throw new Unsure('metadata', item.offset)
    map.set(item.key, plainOf(item.value))
  }
  return map
}

/** A field that sops needs is missing or wrong. */
export class BadField extends Error {
  readonly field: string
  /** Where the metadata starts, or where it should. */
  readonly offset: number

  constructor(field: string, offset = 0) {
    super(field)
    this.name = 'BadField'
    this.field = field
    this.offset = offset
  }
}

const fields = new Set([
  ...selectorNames,
  ...otherKeys,
  ...['age', 'key_groups', 'shamir_threshold', 'lastmodified', 'mac', 'mac_only_encrypted', 'version'],
])

/**
 * Reads the metadata of a file (sops v3.13.3 stores/stores.go ToInternal).
 * @throws BadField where sops refuses it, Unsure where a field is written in another way than sops writes it
 */
export function readMetadata(found: PlainMetadata, offset: number): Omit<FileMetadata, 'line' | 'column'> {
  // sops takes fields in other letters for the same
  for (const key of found.keys())
    if (!fields.has(key) && fields.has(key.toLowerCase())) throw new Unsure('metadata', offset)
  const text = (key: string) => textOf(found.get(key), offset)
  const groups = groupsOf(found, offset)
  const set = selectorNames.filter((name) => text(name) !== '')
  if (set.length > 1) throw new BadField(set[1] ?? '', offset)
  const [name = 'unencrypted_suffix'] = set
  return {
    groups,
    threshold: thresholdOf(found.get('shamir_threshold'), groups.length, offset),
    lastModified: timeOf(text('lastmodified'), offset),
    mac: text('mac'),
    macOnlyEncrypted: flagOf(found.get('mac_only_encrypted'), offset),
    selector: { name, text: text(name) || '_unencrypted' },
    version: versionOf(text('version'), offset),
  }
}

function textOf(value: unknown, offset: number): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'string') return value
  throw new Unsure('metadata', offset)
}

/** A time that Go reads and writes in the same way. */
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-](?!00:00)\d\d:\d\d)$/

/** The MAC is authenticated with the time, which sops writes anew for that. */
function timeOf(text: string, offset: number): string {
  if (text === '') throw new BadField('lastmodified', offset)
  if (!time.test(text) || Number.isNaN(Date.parse(text))) throw new Unsure('metadata', offset)
  return text
}

/** sops compares the version, for a fault of KMS keys before 3.3.0 (sops v3.13.3 cmd/sops/common/common.go). */
function versionOf(text: string, offset: number): string {
  const [, major, minor] = /^(\d+)\.(\d+)\.\d+$/.exec(text) ?? []
  if (major === undefined || Number(major) < 3 || (major === '3' && Number(minor) < 4))
    throw new Unsure('metadata', offset)
  return text
}

function flagOf(value: unknown, offset: number): boolean {
  if (value === undefined || value === null) return false
  if (value === true || value === 'true') return true
  if (value === false || value === 'false') return false
  throw new Unsure('metadata', offset)
}

function thresholdOf(value: unknown, groups: number, offset: number): number {
  if (groups === 1 && (value === undefined || value === null)) return 1
  const text = String(value)
  if (!/^[1-9]\d?$/.test(text)) throw new Unsure('metadata', offset)
  return groups === 1 ? 1 : Number(text)
}

/** Keys beside the groups win over these. */
function groupsOf(found: PlainMetadata, offset: number): StanzaGroup[] {
  const own = groupOf(found, offset)
  if (own.age.length + own.others.length > 0) return [own]
  const groups = listOf(found.get('key_groups'), offset).map((group) => groupOf(group, offset))
  if (groups.length === 0) throw new BadField('age', offset)
  return groups
}

function groupOf(found: PlainMetadata, offset: number): StanzaGroup {
  const age = listOf(found.get('age'), offset).map((key) => ({
    recipient: textOf(key.get('recipient'), offset),
    enc: textOf(key.get('enc'), offset),
  }))
  const others = otherKeys.filter((kind) => {
    const keys = listOf(found.get(kind), offset)
    // sops refuses the file where the time of a key is wrong, or the name of a key of Huawei
    if (keys.some((key) => kind === 'hckms' || !time.test(textOf(key.get('created_at'), offset))))
      throw new Unsure('metadata', offset)
    return keys.length > 0
  })
  return { age, others }
}

function listOf(value: unknown, offset: number): PlainMetadata[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value) || !value.every((item) => item instanceof Map))
    throw new Unsure('metadata', offset)
  return value
}

/** All stanzas in the metadata of a document, to compare them with those of another one. */
export function stanzasOf(metadata: PlainMetadata): string {
  const texts = (value: unknown): string[] => {
    if (Array.isArray(value)) return value.flatMap(texts)
    if (!(value instanceof Map)) return []
    return [...value].flatMap(([key, inner]) =>
      key === 'enc' && typeof inner === 'string' ? inner : texts(inner),
    )
  }
  return texts(metadata).sort().join()
}
