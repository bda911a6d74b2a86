import { bytesFor, isDataKey } from '../../lib/sops/files/data-objects.ts'
import { type Finding, finding } from '../finding.ts'
import type { ObjectCheck } from './object-check.ts'

/** In bytes: MaxSecretSize of pkg/apis/core/types.go, for ConfigMaps as well. */
const largest = 1024 * 1024

/** Keys that the API server refuses, and more than it takes in one object. */
export const checkKeys: ObjectCheck = ({ kind, entries, place }, file) => {
  const found = entries
    .filter(({ key }) => !isDataKey(key))
    .map(({ path, line, column }): Finding => finding('key-refused', { file, line, column }, { path, file }))
  const sizes = new Map(entries.map((entry) => [entry.key, bytesFor(entry)?.length ?? 0]))
  const size = [...sizes.values()].reduce((sum, one) => sum + one, 0)
  if (size > largest) found.push(finding('object-too-large', { file, ...place }, { kind }))
  return found
}
