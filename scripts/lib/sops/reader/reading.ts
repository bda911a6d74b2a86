/** The formats of sops, each with a store of its own (sops v3.13.3 cmd/sops/formats/formats.go). */
export type SopsFormat = 'yaml' | 'json' | 'dotenv' | 'ini' | 'binary'

/** A place in the text of a file. */
export interface TextPlace {
  /** From 1. */
  line: number
  /** From 1, in UTF-16 units. */
  column: number
}

/**
 * What is wrong with a SOPS file. sops refuses the file for all of them, but for those of `harmlessFaults`.
 *
 * - `metadata-unreadable`: the metadata is in the wrong place, or a field that sops needs is missing or wrong (`field`)
 * - `merge-conflict`: the marks of an unfinished merge
 * - `not-a-recipient`: no identity is that of a recipient
 * - `group-not-satisfied`: fewer key groups can be opened than the threshold wants (`opened`, `needed`)
 * - `stanza-damaged`: the stanza of a recipient whose identity is there does not open (`recipient`)
 * - `different-data-keys`: a later document has stanzas of its own; sops reads those of the first only
 * - `value-plain`: a value that the settings of the file say must be encrypted, and is not
 * - `value-moved`: a ciphertext that belongs to another path (`from`)
 * - `value-broken`: a ciphertext that does not authenticate at its path, and at no other one that was tried
 * - `value-encrypted-unexpectedly`: a ciphertext where the settings say that nothing is encrypted; it stays as it is
 * - `mac-missing`, `mac-mismatch`: all values can be decrypted, but something else was changed, put in order or removed
 * - `comment-plain`: a comment in the clear where the settings say that comments are encrypted; sops warns only
 */
export type FaultCode =
  | 'metadata-unreadable'
  | 'merge-conflict'
  | 'not-a-recipient'
  | 'group-not-satisfied'
  | 'stanza-damaged'
  | 'different-data-keys'
  | 'value-plain'
  | 'value-moved'
  | 'value-broken'
  | 'value-encrypted-unexpectedly'
  | 'mac-missing'
  | 'mac-mismatch'
  | 'comment-plain'

/** What sops does not refuse a file for, as long as the MAC is right. */
export const harmlessFaults: ReadonlySet<FaultCode> = new Set([
  'value-encrypted-unexpectedly',
  'comment-plain',
])

/** Something that is wrong. Never a value. */
export interface Fault extends TextPlace {
  code: FaultCode
  /** From 0. */
  document: number
  /** The names of the keys down to a value, without the indices of lists, as sops authenticates them; else empty. */
  path: readonly string[]
  /** `value-moved`: the path that it was encrypted at. */
  from?: readonly string[]
  /** `metadata-unreadable`: the name of the field. */
  field?: string
  /** `stanza-damaged`: whose it is. */
  recipient?: string
  /** `group-not-satisfied`. */
  opened?: number
  /** `group-not-satisfied`. */
  needed?: number
}

/**
 * Why the reader leaves a file to sops: it may be right or wrong.
 *
 * - `text`: no UTF-8, or characters that parsers take for different line ends
 * - `syntax`: not read as YAML, JSON or INI in the plain form that every parser reads alike
 * - `yaml-feature`: anchors, aliases, merge keys, tags, directives, keys that are no texts, `? ` keys
 * - `scalar`: a number or a date in a notation that is not read alike everywhere
 * - `comment`: a comment that decides what is encrypted, where it is not certain which value it belongs to
 * - `metadata`: a field in an unusual form, settings that sops reads in its own way
 * - `ciphertext`: a ciphertext in an unusual form
 * - `other-keys`: keys that are not of age, or of age but of SSH or of a plugin, may open the file
 */
export type UnsureReason =
  | 'text'
  | 'syntax'
  | 'yaml-feature'
  | 'scalar'
  | 'comment'
  | 'metadata'
  | 'ciphertext'
  | 'other-keys'

/** A value of a file. */
export interface ReadValue extends TextPlace {
  /** From 0. */
  document: number
  /** As `Fault.path`. */
  path: readonly string[]
  /** Whether the settings of the file say that it is encrypted. */
  selected: boolean
  /** Whether it is ciphertext that sops decrypts. */
  ciphertext: boolean
  /** What sops says its type is, or what it is in the clear. */
  type: ValueType
  /**
   * What it is, as sops hands it to the MAC. A secret where it was ciphertext; `undefined` where it was not decrypted, and for
   * `null`.
   */
  bytes: Buffer | undefined
}

/** The types of values (sops v3.13.3 aes/cipher.go). */
export type ValueType = 'str' | 'int' | 'float' | 'bool' | 'bytes' | 'time' | 'comment' | 'null'

/** A comment of a file. */
export interface ReadComment extends TextPlace {
  /** From 0. */
  document: number
  /** Whether it is written as ciphertext. */
  ciphertext: boolean
  /** A secret where it was ciphertext; `undefined` where it was not decrypted. */
  text: string | undefined
}

/** A group of keys in the metadata, any of which opens it. */
export interface StanzaGroup {
  /** Of age. `enc` is an armored age file with the data key, or a share of it. */
  age: readonly { recipient: string; enc: string }[]
  /** The fields of its other keys: `pgp`, `kms` … */
  others: readonly string[]
}

/** The settings that say what is encrypted (sops v3.13.3 stores/stores.go ToInternal): one of them, the first where none is set. */
export const selectorNames = [
  'unencrypted_suffix',
  'encrypted_suffix',
  'unencrypted_regex',
  'encrypted_regex',
  'unencrypted_comment_regex',
  'encrypted_comment_regex',
] as const

/** The name of a setting that says what is encrypted. */
export type SelectorName = (typeof selectorNames)[number]

/** The metadata of a file, which is that of its first document. */
export interface FileMetadata extends TextPlace {
  groups: readonly StanzaGroup[]
  /** How many groups must be opened; 1 where there is one. */
  threshold: number
  /** As RFC 3339. */
  lastModified: string
  /** A ciphertext; empty where there is none. */
  mac: string
  macOnlyEncrypted: boolean
  selector: { name: SelectorName; text: string }
  /** Of the sops that has written it. */
  version: string
}

/**
 * What came of reading a file.
 *
 * - `no-metadata`: it is no SOPS file
 * - `not-opened`: nothing is wrong that can be seen without a key, and no identities were given
 * - `decrypts`: sops decrypts it
 * - `fails`: sops refuses it; without identities: it would refuse it with the right ones too
 * - `needs-sops`: only the real sops can tell
 */
export type ReadingVerdict = 'no-metadata' | 'not-opened' | 'decrypts' | 'fails' | 'needs-sops'

/** A SOPS file as it was read. It holds secrets, and nothing else keeps them: who is done with it lets it go. */
export interface Reading {
  format: SopsFormat
  verdict: ReadingVerdict
  /** Why it `needs-sops`, and where. */
  unsure?: { reason: UnsureReason } & TextPlace
  /** In the order of the text; also where the verdict is another one, then those that are certain. */
  faults: Fault[]
  metadata?: FileMetadata
  /** Without those of the metadata, in the order in which sops walks over them. */
  values: ReadValue[]
  comments: ReadComment[]
  /** Whether a list holds a comment as ciphertext: sops 3.13.2, and it alone, computes a wrong MAC for it and refuses the file. */
  commentInList: boolean
}

/** What `openFile` may use. */
export interface OpenOptions {
  /** Without any: only what can be told without a key. */
  identities?: readonly { secret: string; recipient: string }[] | undefined
  /** The format where the name does not tell it, as `--input-type` of sops. */
  format?: SopsFormat | undefined
  /** Paths that values had in older versions of the file, to find the old names of values that were moved. */
  formerPaths?: readonly (readonly string[])[] | undefined
}
