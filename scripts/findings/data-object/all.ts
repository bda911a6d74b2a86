import type { DataObject } from '../../lib/sops/files/data-objects.ts'
import type { Finding } from '../finding.ts'
import { checkBase64 } from './base64.ts'
import { checkKeys } from './keys.ts'
import { checkMasked } from './masked.ts'
import { checkObjectName } from './name.ts'
import type { ObjectCheck } from './object-check.ts'
import { checkSecretType } from './secret-type.ts'
import { checkTypes } from './types.ts'

const objectChecks: readonly ObjectCheck[] = [
  checkTypes,
  checkBase64,
  checkMasked,
  checkKeys,
  checkSecretType,
  checkObjectName,
]

/** What the API server would say to a Secret or ConfigMap, and what is not meant in it. @param file that it is in */
export function dataObjectFindings(object: DataObject, file: string): Finding[] {
  return objectChecks.flatMap((check) => check(object, file))
}
