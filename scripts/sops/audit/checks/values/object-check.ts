import type { Finding } from '../../../../findings/finding.ts'
import type { DataObject } from '../../objects.ts'

/** Looks at a Secret or ConfigMap of a file, encrypted or not. */
export type ObjectCheck = (object: DataObject, file: string) => readonly Finding[]
