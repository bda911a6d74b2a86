import { isDeepStrictEqual } from 'node:util'
import { isCiphertext } from '../../../lib/sops/format.ts'
import { applyEdits, type Edit } from '../../../lib/yaml/document-edit.ts'
import { openAs } from './open-text.ts'
import type { SopsText, TextLeaf } from './sops-text.ts'

/** A comment that sops has encrypted. */
const encryptedComment = /(?<=[#;] ?)ENC\[AES256_GCM,data:([^,\]]*),[^\]\n]*,type:comment\]/g

/**
 * The fields of the metadata that a new data key changes; all others stay as they are. `version` among them: sops gives every document
 * the metadata of the first one.
 */
const newFields = /(?:\b|_)(?:enc|created_at|lastmodified|mac|version)"\]$/

/**
 * Puts what sops has encrypted anew into the text that it was given, which else stays as it is: its layout, its comments, the
 * notation of what is in the clear.
 * @param before the text that sops was given
 * @param output of `sops rotate`
 * @returns `undefined` where the two are not alike, or the new text would not say what the output says
 */
export function spliced(before: SopsText, output: SopsText): SopsText | undefined {
  const edits = editsBetween(before, output)
  if (!edits) return undefined
  const text = applyEdits(before.text, edits)
  const after = openAs(text, before.format)
  return after && saysTheSame(after, output) ? after : undefined
}

function editsBetween(before: SopsText, output: SopsText): Edit[] | undefined {
  const pairs = pairsOf(before, output)
  const comments = [before, output].map(({ text }) => commentsOf(text))
  const [own = [], theirs = []] = comments
  // one whose length differs is another one
  const areAlike =
    own.length === theirs.length && own.every(({ length }, index) => length === theirs[index]?.length)
  if (!pairs || !areAlike) return undefined
  const edits = own.map(({ offset, text }, index) => ({
    offset,
    remove: text.length,
    insert: theirs[index]?.text ?? '',
  }))
  for (const [leaf, { value }] of pairs) {
    const { start, end } = leaf
    if (value === leaf.value || !isNew(leaf, value)) continue
    edits.push({ offset: start, remove: end - start, insert: leaf.rewritten(`${value}`) })
  }
  return edits
}

function isNew({ isMetadata, path, value }: TextLeaf, next: unknown): boolean {
  return isMetadata ? newFields.test(path) : isCiphertext(value) && isCiphertext(next)
}

/**
 * The scalars of two texts at the same paths: those of the documents in the same order, those of the metadata in any.
 * @returns `undefined` where one has others than the other
 */
function pairsOf(before: SopsText, output: SopsText): [TextLeaf, TextLeaf][] | undefined {
  const [own, theirs] = [before.leaves(), output.leaves()]
  if (!own || !theirs) return undefined
  const ordered = (leaves: readonly TextLeaf[]) => [
    ...leaves.filter(({ isMetadata }) => !isMetadata),
    ...leaves
      .filter(({ isMetadata }) => isMetadata)
      .filter(says)
      .toSorted(byPath),
  ]
  const [ours, others] = [ordered(own), ordered(theirs)]
  if (!isDeepStrictEqual(ours.map(pathOf), others.map(pathOf))) return undefined
  return ours.flatMap((leaf, index): [TextLeaf, TextLeaf][] => {
    const other = others[index]
    return other ? [[leaf, other]] : []
  })
}

const pathOf = ({ path }: TextLeaf) => path

/** What sops adds where nothing says what is encrypted means the same as nothing (sops v3.13.3 stores/stores.go ToInternal). */
function says({ path, value }: TextLeaf): boolean {
  return value !== null && !(/unencrypted_suffix"\]$/.test(path) && value === '_unencrypted')
}

function byPath(a: TextLeaf, b: TextLeaf): number {
  return a.path < b.path ? -1 : 1
}

/** What is in the clear has not changed: a number or a date that only sops reads in its own way may look different in its output. */
function saysTheSame(after: SopsText, output: SopsText): boolean {
  const pairs = pairsOf(after, output)
  const isSame = ([own, theirs]: [TextLeaf, TextLeaf]) =>
    Object.is(own.value, theirs.value) || (own.isLoose && !own.isMetadata && !isCiphertext(theirs.value))
  const texts = ({ text }: SopsText) => commentsOf(text).map((comment) => comment.text)
  return Boolean(pairs?.every(isSame)) && isDeepStrictEqual(texts(after), texts(output))
}

function commentsOf(text: string): { offset: number; text: string; length: number }[] {
  return [...text.matchAll(encryptedComment)].map((match) => ({
    offset: match.index,
    text: match[0],
    length: match[1]?.length ?? 0,
  }))
}
