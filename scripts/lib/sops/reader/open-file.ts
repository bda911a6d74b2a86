import { requireCertainComments } from './certain-comments.ts'
import { decryptScanned } from './decrypt-scanned.ts'
import { openDataKey } from './keys/data-key.ts'
import { isMacRight } from './mac.ts'
import { BadField, type OpenDocument, readMetadata, stanzasOf, takeMetadata } from './metadata.ts'
import { mergeConflict, placesIn } from './places.ts'
import { readTree, sopsFormatOf, textOfFile } from './read-tree.ts'
import { type Fault, type FileMetadata, harmlessFaults, type OpenOptions, type Reading } from './reading.ts'
import { type Scanned, scan } from './scan.ts'
import { Unsure } from './unsure.ts'

/**
 * Reads a file as sops would, in this process: what is encrypted in it, what is wrong with it, and with identities what it
 * holds.
 * @param bytes of the file
 * @param name tells the format; nothing is read from it
 * @returns what was found, whatever is in the file: nothing is thrown for it, nothing is printed, nothing is kept
 */
export async function openFile(bytes: Buffer, name: string, options: OpenOptions = {}): Promise<Reading> {
  const opening = new Opening(options.format ?? sopsFormatOf(name), options)
  try {
    await opening.read(bytes)
  } catch (error) {
    if (error instanceof BadField)
      opening.fail({ code: 'metadata-unreadable', field: error.field }, error.offset)
    else if (error instanceof Unsure) opening.leaveToSops(error)
    // mappings in mappings, too many for our stack
    else if (error instanceof RangeError) opening.leaveToSops(new Unsure('syntax'))
    else throw error
  }
  return opening.reading
}

/** One file on its way: what is known is in `reading`. */
class Opening {
  readonly reading: Reading
  readonly #options: OpenOptions
  #placeOf = placesIn('')
  #scanned: Scanned[] = []

  constructor(format: Reading['format'], options: OpenOptions) {
    this.#options = options
    this.reading = {
      format,
      verdict: 'no-metadata',
      faults: [],
      values: [],
      comments: [],
      commentInList: false,
    }
  }

  fail({ document = 0, path = [], ...fault }: Partial<Fault> & Pick<Fault, 'code'>, offset: number): void {
    this.reading.faults.push({ document, path, ...fault, ...this.#placeOf(offset) })
    if (!harmlessFaults.has(fault.code)) this.reading.verdict = 'fails'
  }

  leaveToSops({ reason, offset }: Unsure): void {
    this.reading.verdict = 'needs-sops'
    this.reading.unsure = { reason, ...this.#placeOf(offset) }
  }

  async read(bytes: Buffer): Promise<void> {
    const { reading } = this
    const text = textOfFile(bytes)
    this.#placeOf = placesIn(text)
    const conflict = mergeConflict(text)
    if (conflict !== undefined) return this.fail({ code: 'merge-conflict' }, conflict)
    const documents = readTree(text, reading.format).map((branch) => takeMetadata(branch, reading.format))
    const [first] = documents
    if (!first?.metadata) {
      // sops looks for it in the first document only
      if (documents.some(({ metadata }) => metadata)) throw new BadField('sops', first?.offset)
      return
    }
    const metadata = { ...readMetadata(first.metadata, first.offset), ...this.#placeOf(first.offset) }
    reading.metadata = metadata
    reading.verdict = 'not-opened'
    if (/comment_regex$/.test(metadata.selector.name)) requireCertainComments(text, reading.format)
    this.#scan(documents, metadata)
    if (metadata.mac === '') this.fail({ code: 'mac-missing' }, first.offset)
    try {
      await this.#decrypt(documents, metadata, first.offset)
    } finally {
      this.#list()
    }
  }

  /** All that can be told without a key. */
  #scan(documents: readonly OpenDocument[], metadata: FileMetadata): void {
    this.#scanned = documents.flatMap(({ branch }, index) => scan(branch, index, metadata))
    for (const { fault, document, path, offset } of this.#scanned)
      if (fault) this.fail({ code: fault, document, path }, offset)
    this.reading.commentInList = this.#scanned.some(
      ({ kind, type }) => kind === 'value' && type === 'comment',
    )
  }

  async #decrypt(documents: readonly OpenDocument[], metadata: FileMetadata, offset: number): Promise<void> {
    const { identities, formerPaths = [] } = this.#options
    const strangers = strangersAmong(documents)
    if (!identities) return this.#suspect(documents, strangers)
    const opened = await openDataKey(metadata, identities)
    if (opened.code !== 'opened') this.#suspect(documents, strangers)
    for (const recipient of opened.code === 'opened' ? [] : opened.damaged)
      this.fail({ code: 'stanza-damaged', recipient }, offset)
    if (opened.code === 'unsure') throw new Unsure(opened.reason, offset)
    if (opened.code === 'not-a-recipient' && opened.damaged.length > 0) return
    if (opened.code !== 'opened') {
      const { damaged, ...fault } = opened
      return this.fail(fault, offset)
    }
    const failed = decryptScanned(this.#scanned, opened.key, formerPaths)
    for (const document of strangers)
      if (failed.some(({ scanned }) => scanned.document === document)) this.#failStranger(documents, document)
    for (const { scanned, from } of failed) {
      const { document, path } = scanned
      if (from) this.fail({ code: 'value-moved', document, path, from }, scanned.offset)
      else if (!strangers.has(document)) this.fail({ code: 'value-broken', document, path }, scanned.offset)
    }
    if (this.reading.verdict === 'fails') return
    this.#requireBinaryData()
    if (isMacRight(metadata, opened.key, this.#macBytes(metadata), offset)) this.reading.verdict = 'decrypts'
    else this.fail({ code: 'mac-mismatch' }, offset)
  }

  /** Only with the data key it is certain that theirs is another one. */
  #suspect(documents: readonly OpenDocument[], strangers: ReadonlySet<number>): void {
    const { verdict } = this.reading
    for (const document of strangers) this.#failStranger(documents, document)
    this.reading.verdict = verdict
  }

  #failStranger(documents: readonly OpenDocument[], document: number): void {
    this.fail({ code: 'different-data-keys', document }, documents[document]?.offset ?? 0)
  }

  /** Comments do not count, wherever they stand (sops v3.13.3 sops.go Decrypt; v3.13.2 counts those in lists). */
  #macBytes({ macOnlyEncrypted }: FileMetadata): Buffer[] {
    const counted = this.#scanned.filter(
      ({ type, selected }) => type !== 'comment' && (selected || !macOnlyEncrypted),
    )
    return counted.flatMap(({ bytes }) => bytes ?? [])
  }

  /** sops can't write a binary file without a text at `data` (sops v3.13.3 stores/json/store.go). */
  #requireBinaryData(): void {
    if (this.reading.format !== 'binary') return
    const data = this.#scanned.find(({ path }) => path.length === 1 && path[0] === 'data')
    if (data?.type !== 'str') throw new Unsure('syntax', data?.offset)
  }

  #list(): void {
    for (const { kind, document, path, offset, selected, ciphertext, type, bytes } of this.#scanned) {
      const at = { document, ciphertext: ciphertext !== undefined, ...this.#placeOf(offset) }
      if (kind === 'comment') this.reading.comments.push({ ...at, text: bytes?.toString() })
      else this.reading.values.push({ ...at, path, selected, type, bytes })
    }
    this.reading.faults.sort((a, b) => a.line - b.line || a.column - b.column)
  }
}

/** The documents whose stanzas are others than those of the first. */
function strangersAmong(documents: readonly OpenDocument[]): Set<number> {
  const [first, ...others] = documents.map(({ metadata }) => metadata && stanzasOf(metadata))
  return new Set(others.flatMap((stanzas, index) => (stanzas && stanzas !== first ? index + 1 : [])))
}
