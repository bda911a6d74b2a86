import type { DataObject } from '../../lib/sops/files/data-objects.ts'
import type { Finding } from '../finding.ts'

/** Looks at a Secret or ConfigMap of a file, encrypted or not. */
export type ObjectCheck = (object: DataObject, file: string) => readonly Finding[]
