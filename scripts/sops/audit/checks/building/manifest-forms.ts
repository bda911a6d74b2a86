import { isDeepStrictEqual } from 'node:util'
import { type Finding, finding } from '../../../../findings/finding.ts'
import type { Step } from '../../../../lib/repository/steps.ts'
import { isDecryptionDisabled } from '../../../../lib/sops/format.ts'
import { selectionBy } from '../../../../lib/sops/reader/selection.ts'
import { type Mapping, valueAt } from '../../../../lib/yaml/values.ts'
import type { FileCheck } from '../../open-files.ts'
import { hiddenValue, isWhole, leavesOf, manifestsOf } from './manifests.ts'

/** Looks at encrypted manifests that Flux builds as resources: what kustomize makes of them, and whether Flux decrypts that. */
export const checkManifestForms: FileCheck = (file, reading, { flux }) => {
  const { metadata } = reading
  const builders = flux?.buildersOf(file).filter(({ use }) => use.as === 'resources') ?? []
  if (builders.length === 0 || !metadata) return []
  const { selector } = metadata
  if (/comment_regex$/.test(selector.name)) {
    const place = { file, line: metadata.line, column: metadata.column }
    return [finding('comment-selector', place, { selector: selector.name })]
  }
  const manifests = manifestsOf(reading)
  if (manifests.length === 0) return []
  const isSelected = selectionBy(selector)
  const isEncrypted = (path: readonly string[]) => isSelected(path, [], false)
  const found: Finding[] = []
  for (const manifest of manifests) {
    const all = builders.map(({ use }) => applied(manifest, use.steps, isEncrypted))
    const changed = all.find(({ change }) => change)?.change
    if (changed) found.push(finding('ciphertext-changed', { file }, { ...changed, file }))
    else if (isWhole(manifest)) found.push(finding('whole-manifest', { file }, {}))
    const isDisabled = all.some(({ object }) => object.kind === 'Secret' && isDecryptionDisabled(object))
    if (isDisabled) found.push(finding('decryption-disabled', { file }, {}))
  }
  return distinct(found)
}

/**
 * What steps make of an object, as far as they are followed.
 * @returns with the first change of what is encrypted
 */
function applied(
  manifest: Mapping,
  steps: readonly Step[],
  isEncrypted: (path: readonly string[]) => boolean,
) {
  let object = manifest
  for (const step of steps) {
    // what is behind it is not known
    if (step.gap(object)) break
    const next = step.apply(object)
    if (next === object) continue
    for (const [path, value] of leavesOf(next)) {
      const isPlain = value !== hiddenValue && value !== null && value !== '' && path[0] !== 'sops'
      if (isPlain && !isDeepStrictEqual(valueAt(object, ...path), value) && isEncrypted(path))
        return { object: next, change: { by: step.by, key: path.join('.') } }
    }
    object = next
  }
  return { object, change: undefined }
}

/** The documents of a file say the same many times. */
function distinct(found: readonly Finding[]): Finding[] {
  return [...new Map(found.map((one) => [JSON.stringify(one), one])).values()]
}
