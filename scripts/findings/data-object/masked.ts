import { bytesFor } from '../../lib/sops/files/data-objects.ts'
import { finding } from '../finding.ts'
import type { ObjectCheck } from './object-check.ts'

/** What `flux build` and `flux diff` print instead of a value, alone or in a JSON text (flux2 v2.9.5 internal/build/build.go). */
const mask = '**SOPS**'

/** Output of `flux build` that was committed. */
export const checkMasked: ObjectCheck = ({ entries }, file) =>
  entries
    .filter((entry) => entry.text?.includes(mask) || bytesFor(entry)?.includes(mask))
    .map(({ path, line, column }) => finding('value-masked', { file, line, column }, { path, file }))
