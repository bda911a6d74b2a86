import { isDeepStrictEqual } from 'node:util'
import type { Step } from '../../lib/repository/steps.ts'
import { hiddenValue, isWhole, leavesOf, manifestsOf } from '../../lib/sops/files/encrypted-manifests.ts'
import { isDecryptionDisabled } from '../../lib/sops/format.ts'
import type { Reading } from '../../lib/sops/reader/reading.ts'
import { selectionBy } from '../../lib/sops/reader/selection.ts'
import { type Mapping, valueAt } from '../../lib/yaml/values.ts'
import { type Finding, finding } from '../finding.ts'

/**
 * What kustomize makes of an encrypted manifest, and whether Flux decrypts that.
 * @param builds the steps of each build that lists it as a resource, at least one
 */
export function manifestForms(
  file: string,
  reading: Reading,
  builds: readonly (readonly Step[])[],
): Finding[] {
  const { metadata } = reading
  if (builds.length === 0 || !metadata) return []
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
  const placeOf = (path: readonly string[]) => ({ file, ...placeIn(reading, path) })
  for (const manifest of manifests) {
    const all = builds.map((steps) => applied(manifest, steps, isEncrypted))
    const changed = all.find(({ change }) => change)?.change
    if (changed) {
      const facts = { by: changed.by, key: changed.path.join('.'), file }
      found.push(finding('ciphertext-changed', placeOf(changed.path), facts))
    } else if (isWhole(manifest)) found.push(finding('whole-manifest', { file }, {}))
    if (all.some(({ object }) => object.kind === 'Secret' && isDecryptionDisabled(object)))
      found.push(finding('decryption-disabled', placeOf(disabling), {}))
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
        return { object: next, change: { by: step.by, path } }
    }
    object = next
  }
  return { object, change: undefined }
}

/** Where a value stands; nowhere where the file does not have it, or has it in several documents. */
function placeIn({ values }: Reading, path: readonly string[]): { line?: number; column?: number } {
  const [value, ...more] = values.filter((one) => isDeepStrictEqual(one.path, path))
  return value && more.length === 0 ? { line: value.line, column: value.column } : {}
}

/** The annotation that keeps Flux from decrypting an object. */
const disabling = ['metadata', 'annotations', 'kustomize.toolkit.fluxcd.io/decrypt']

/** The documents of a file say the same many times. */
function distinct(found: readonly Finding[]): Finding[] {
  return [...new Map(found.map((one) => [JSON.stringify(one), one])).values()]
}
