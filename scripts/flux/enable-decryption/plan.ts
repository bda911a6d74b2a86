import { isDeepStrictEqual } from 'node:util'
import { type FluxFile, type FluxKustomization, isBootstrapFile } from '../../lib/repository/flux-file.ts'
import { applyEdits, type Edit, insertAtEndOfMapping } from '../../lib/yaml/document-edit.ts'
import { nodeAt, parseDocuments } from '../../lib/yaml/documents.ts'
import type { Refusal } from '../../lib/yaml/refusal.ts'
import type { Mapping } from '../../lib/yaml/values.ts'
import type { Decryption, Judgement } from './judge.ts'
import type { BootstrapRefusal, Reason } from './reasons.ts'

/** A new text for a file. It is called by its path in the repository, as git, a diff and the JSON document call it. */
export interface Change {
  /** Relative to the root of the repository. */
  file: string
  /** `undefined`: it is made. */
  before: string | undefined
  after: string
}

/** What a run would do about one file. */
export interface FilePlan {
  judgements: Judgement[]
  changes: Change[]
}

/** The patch that gives its block to a Kustomization which `flux bootstrap` writes. */
export interface BootstrapPatch {
  change: Change
  /** Whether it takes the place of one for another version, with which kustomize builds nothing. */
  pinned: boolean
}

/** How the block gets to a Kustomization that `flux bootstrap` writes. */
export type PatchBootstrap = (kustomization: FluxKustomization) => BootstrapPatch | BootstrapRefusal

/**
 * Works out the new text of a file. What can't be edited with certainty changes from `missing` to `not-editable`.
 * The new text reads as the old one plus the blocks, in every document of the file; otherwise the file is left alone.
 */
export function planFile(
  flux: FluxFile,
  judged: readonly Judgement[],
  block: Decryption,
  patchBootstrap: PatchBootstrap,
): FilePlan {
  if (isBootstrapFile(flux.file)) return planBootstrap(judged, patchBootstrap)
  const edits: Edit[] = []
  const edited: FluxKustomization[] = []
  const judgements = judged.map((judgement): Judgement => {
    const { status, kustomization } = judgement
    if (status !== 'missing' || !kustomization) return judgement
    const edit = insertBlock(flux, kustomization, block)
    if ('refused' in edit) return leftAlone(judgement, { code: 'spec-not-edited', why: edit })
    edits.push(edit)
    edited.push(kustomization)
    return { ...judgement, by: judgement.by ?? judgement.file }
  })
  if (edits.length === 0) return { judgements, changes: [] }
  const after = applyEdits(flux.text, edits)
  if (isOldPlusBlocks(flux, after, edited, block))
    return { judgements, changes: [{ file: flux.file, before: flux.text, after }] }
  return nothing(judgements, { code: 'more-than-spec' })
}

function planBootstrap(judged: readonly Judgement[], patchBootstrap: PatchBootstrap): FilePlan {
  const missing = judged.filter(({ status }) => status === 'missing')
  // one that has the block from a patch may have a second one that breaks the build
  const [wanted = judged.find(({ status }) => status === 'kustomize'), ...others] = missing
  if (!wanted?.kustomization) return { judgements: [...judged], changes: [] }
  const patch = patchBootstrap(wanted.kustomization)
  if ('refused' in patch) return nothing(judged, { code: 'bootstrap-not-edited', why: patch })
  const { change, pinned } = patch
  if (missing.length === 0 && !pinned) return { judgements: [...judged], changes: [] }
  if (others.length > 0) return nothing(judged, { code: 'bootstrap-several' })
  const reasons: Reason[] = pinned ? [{ code: 'pinned-patch', file: change.file }] : wanted.reasons.slice()
  const judgements = judged.map(
    (one): Judgement => (one === wanted ? { ...one, status: 'missing', by: change.file, reasons } : one),
  )
  return { judgements, changes: [change] }
}

function nothing(judged: readonly Judgement[], reason: Reason): FilePlan {
  const judgements = judged.map((one) => (one.status === 'missing' ? leftAlone(one, reason) : one))
  return { judgements, changes: [] }
}

function leftAlone(judgement: Judgement, reason: Reason): Judgement {
  return { ...judgement, status: 'not-editable', reasons: [reason] }
}

function insertBlock(
  { text, documents }: FluxFile,
  { document, at }: FluxKustomization,
  decryption: Decryption,
): Edit | Refusal {
  const spec = nodeAt(documents[document - 1]?.root ?? null, ...at, 'spec')
  return spec ? insertAtEndOfMapping(text, spec, { decryption }) : { refused: 'anchor' }
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
  const mapping = value as Mapping
  return { ...mapping, [key]: withValueAt(mapping[key], rest, replacement) }
}
