import type { DataEntry } from '../../lib/sops/files/data-objects.ts'
import { type Finding, finding } from '../finding.ts'
import type { ObjectCheck } from './object-check.ts'

const words: Partial<Record<DataEntry['type'], string>> = {
  int: 'a number',
  float: 'a number',
  bool: 'a boolean',
  nested: 'a mapping or a list',
}

/** Values that are no texts. `null` is none of them: the API server takes it for an empty text. */
export const checkTypes: ObjectCheck = ({ kind, entries }, file) =>
  entries.flatMap(({ path, type, line, column }): Finding[] => {
    const place = { file, line, column }
    if (type === 'time') return [finding('value-date', place, { path, file })]
    const is = words[type]
    return is ? [finding('value-not-text', place, { kind, path, is, file })] : []
  })
