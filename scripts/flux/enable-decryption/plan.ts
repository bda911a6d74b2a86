import { isDeepStrictEqual } from 'node:util'
import { applyEdits, type Edit, insertAtEndOfMapping, nodeAt, parseDocuments } from '../../lib/documents.ts'
import type { FluxFile, FluxKustomization } from '../../lib/repository.ts'
import type { Decryption, Finding } from './judge.ts'

/** What a run would do to one file. */
export interface FilePlan {
  flux: FluxFile
  findings: Finding[]
  /** The text with the blocks; the same as before where nothing is to be done. */
  after: string
}

/**
 * Works out the new text of a file. What can't be edited with certainty changes from `missing` to `not-editable`.
 * The new text reads as the old one plus the blocks, in every document of the file; otherwise the file is left alone.
 */
export function planFile(flux: FluxFile, judged: readonly Finding[], block: Decryption): FilePlan {
  const edits: Edit[] = []
  const findings = judged.map((finding): Finding => {
    if (finding.status !== 'missing') return finding
    const edit = insertBlock(flux, finding.kustomization!, block)
    if ('reason' in edit)
      return { ...finding, status: 'not-editable', reason: `its spec can't be edited: ${edit.reason}` }
    edits.push(edit)
    return finding
  })
  const after = applyEdits(flux.text, edits)
  const edited = findings
    .filter(({ status }) => status === 'missing')
    .map(({ kustomization }) => kustomization!)
  if (isOldPlusBlocks(flux, after, edited, block)) return { flux, findings, after }
  const reason = 'the block would change more than this spec, for example through an anchor'
  const refused = findings.map(
    (finding): Finding =>
      finding.status === 'missing' ? { ...finding, status: 'not-editable', reason } : finding,
  )
  return { flux, findings: refused, after: flux.text }
}

function insertBlock(
  { text, documents }: FluxFile,
  { document, at }: FluxKustomization,
  decryption: Decryption,
) {
  const spec = nodeAt(documents[document - 1]!.root, ...at, 'spec')
  if (!spec) return { reason: 'it comes from an anchor' }
  return insertAtEndOfMapping(text, spec, { decryption })
}

function isOldPlusBlocks(
  { documents }: FluxFile,
  after: string,
  edited: readonly FluxKustomization[],
  block: Decryption,
): boolean {
  const expected = documents.map(({ value }) => value)
  for (const { document, at } of edited) {
    expected[document - 1] = withValueAt(expected[document - 1], [...at, 'spec', 'decryption'], block)
  }
  const found = parseDocuments(after)
  return (
    found.every(({ problem }) => !problem) &&
    isDeepStrictEqual(
      found.map(({ value }) => value),
      expected,
    )
  )
}

/** A copy of `value` with another value under `path`; what an alias shares with other places stays as it is there. */
function withValueAt(
  value: unknown,
  [key, ...rest]: readonly (string | number)[],
  replacement: unknown,
): unknown {
  if (key === undefined) return replacement
  if (Array.isArray(value)) return value.with(Number(key), withValueAt(value[Number(key)], rest, replacement))
  const mapping = value as Record<string, unknown>
  return { ...mapping, [key]: withValueAt(mapping[key], rest, replacement) }
}
