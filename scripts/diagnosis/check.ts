import type { Diagnosis } from './diagnosis.ts'
import type { Evidence } from './evidence.ts'

/** Looks at what no Ready condition says. */
export type ClusterCheck = (evidence: Evidence) => Promise<Diagnosis[]> | Diagnosis[]
