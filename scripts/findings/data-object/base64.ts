import { isBase64Text } from '../../lib/yaml/base64.ts'
import { finding } from '../finding.ts'
import type { ObjectCheck } from './object-check.ts'

/** Values under `data` of a Secret, or `binaryData` of a ConfigMap, that the API server can't decode. */
export const checkBase64: ObjectCheck = ({ entries }, file) =>
  entries
    .filter(
      ({ isBase64, type, text }) => isBase64 && type === 'str' && text !== undefined && !isBase64Text(text),
    )
    .map(({ path, line, column }) => finding('data-not-base64', { file, line, column }, { path, file }))
