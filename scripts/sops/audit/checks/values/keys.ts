import { type Finding, finding } from '../../../../findings/finding.ts'
import { bytesFor } from '../../objects.ts'
import type { ObjectCheck } from './object-check.ts'

/** As kubernetes v1.36.3 has it: IsConfigMapKey of apimachinery pkg/util/validation. */
const allowed = /^(?!\.\.?$|\.\.)[-._a-zA-Z0-9]{1,253}$/
/** In bytes: MaxSecretSize of pkg/apis/core/types.go, for ConfigMaps as well. */
const largest = 1024 * 1024

/** Keys that the API server refuses, and more than it takes in one object. */
export const checkKeys: ObjectCheck = ({ kind, entries, place }, file) => {
  const found = entries
    .filter(({ key }) => !allowed.test(key))
    .map(({ path, line, column }): Finding => finding('key-refused', { file, line, column }, { path, file }))
  const sizes = new Map(entries.map((entry) => [entry.key, bytesFor(entry)?.length ?? 0]))
  const size = [...sizes.values()].reduce((sum, one) => sum + one, 0)
  if (size > largest) found.push(finding('object-too-large', { file, ...place }, { kind }))
  return found
}
