import type { Diagnosis } from './diagnosis.ts'
import type { Evidence } from './evidence.ts'

/** Looks at what no Ready condition says. */
export type Check = (evidence: Evidence) => Promise<Diagnosis[]> | Diagnosis[]

/** All checks, in the order in which what they find is shown. */
export const checks: readonly Check[] = []
