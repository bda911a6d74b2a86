import type { SopsFormat } from '../../../lib/sops/reader/reading.ts'
import type { YamlDocument } from '../../../lib/yaml/documents.ts'

/** What age has encrypted a data key to, or a share of it. */
export interface Stanza {
  recipient: string
  /** An armored age file. */
  enc: string
}

/** The age stanzas of a key group as they are written in a text. */
export interface StanzaList {
  /** The document that it is in, from 0. */
  document: number
  /** Its path within the metadata: `age`, or `key_groups`, 1, `age`. */
  path: readonly (string | number)[]
  stanzas: readonly Stanza[]
  /** Whether its group has keys of other kinds as well. */
  hasOthers: boolean
}

/** A scalar of a text, and where it stands. */
export interface TextLeaf {
  /** The keys and indices down to it, the document first, as JSON. */
  path: string
  /** Whether it is one of the metadata of sops. */
  isMetadata: boolean
  value: unknown
  start: number
  end: number
  /** Whether another parser may read it as something else: a plain scalar that is no text, as a date or `012`. */
  isLoose: boolean
  /** It with another text in its place, as it is written itself. */
  rewritten(value: string): string
}

/** A text of a SOPS file, as it can be edited. */
export interface SopsText {
  format: SopsFormat
  text: string
  lists: readonly StanzaList[]
  /** @returns the text with a stanza beside the first one of `beside`, without a change of any other byte */
  inserted(list: StanzaList, beside: string, stanza: Stanza): string
  /** @returns the text without the first stanza of a recipient */
  removed(list: StanzaList, recipient: string): string
  /** Every scalar, in order; `undefined` where it is not certain which they are. */
  leaves(): TextLeaf[] | undefined
  /** All that must stay as it is when stanzas come and go. */
  values(): unknown
}

/** Why a text is not edited; the sentence goes on behind `it`, without a value of the file. */
export class NotEditable extends Error {
  constructor(why: string) {
    super(why)
    this.name = 'NotEditable'
  }
}

/** @throws NotEditable where one of the documents cannot be read */
export function requireReadable(documents: readonly YamlDocument[]): void {
  const problem = documents.find((document) => document.problem)?.problem
  if (problem) throw new NotEditable(`cannot be read here: ${problem}`)
}
