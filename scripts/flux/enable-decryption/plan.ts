import { isDeepStrictEqual } from 'node:util'
import type { FluxFile, FluxKustomization } from '../../lib/repository/flux-file.ts'
import { applyEdits, type Edit, insertAtEndOfMapping, type Refusal } from '../../lib/yaml/document-edit.ts'
import { nodeAt, parseDocuments } from '../../lib/yaml/documents.ts'
import { type Decryption, type Finding, isBootstrapFile } from './judge.ts'

/** A new text for a file. */
export interface Change {
  /** Relative to the root of the repository. */
  file: string
  /** `undefined`: it is made. */
  before: string | undefined
  after: string
}

/** What a run would do about one file. */
export interface FilePlan {
  findings: Finding[]
  changes: Change[]
}

/** How the block gets to a Kustomization that `flux bootstrap` writes. */
export type PatchBootstrap = (kustomization: FluxKustomization) => Change | Refusal

/**
 * Works out the new text of a file. What can't be edited with certainty changes from `missing` to `not-editable`.
 * The new text reads as the old one plus the blocks, in every document of the file; otherwise the file is left alone.
 */
export function planFile(
  flux: FluxFile,
  judged: readonly Finding[],
  block: Decryption,
  patchBootstrap: PatchBootstrap,
): FilePlan {
  if (isBootstrapFile(flux.file)) return planBootstrap(judged, patchBootstrap)
  const edits: Edit[] = []
  const findings = judged.map((finding): Finding => {
    if (finding.status !== 'missing') return finding
    const edit = insertBlock(flux, finding.kustomization!, block)
    if ('reason' in edit)
      return { ...finding, status: 'not-editable', reason: `its spec can't be edited: ${edit.reason}` }
    edits.push(edit)
    return { ...finding, by: finding.by ?? finding.file }
  })
  if (edits.length === 0) return { findings, changes: [] }
  const after = applyEdits(flux.text, edits)
  const edited = findings
    .filter(({ status }) => status === 'missing')
    .map(({ kustomization }) => kustomization!)
  if (isOldPlusBlocks(flux, after, edited, block))
    return { findings, changes: [{ file: flux.file, before: flux.text, after }] }
  return refused(findings, 'the block would change more than this spec, for example through an anchor')
}

function planBootstrap(judged: readonly Finding[], patchBootstrap: PatchBootstrap): FilePlan {
  const missing = judged.filter(({ status }) => status === 'missing')
  const [finding, ...others] = missing
  if (!finding) return { findings: [...judged], changes: [] }
  const change = patchBootstrap(finding.kustomization!)
  if ('reason' in change || others.length > 0)
    return refused(
      judged,
      `\`flux bootstrap\` writes this file anew, and ${'reason' in change ? change.reason : 'it holds several'}`,
    )
  const by = change.file
  return { findings: judged.map((one) => (one === finding ? { ...one, by } : one)), changes: [change] }
}

function refused(findings: readonly Finding[], reason: string): FilePlan {
  const left = findings.map(
    (finding): Finding =>
      finding.status === 'missing' ? { ...finding, status: 'not-editable', reason } : finding,
  )
  return { findings: left, changes: [] }
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
