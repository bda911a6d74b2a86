import type { Entry } from '../entry.ts'

/** What the cluster will not take. */
export const valuesFindings = {} as const satisfies Record<string, Entry>
