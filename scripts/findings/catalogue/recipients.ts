import type { Entry } from '../entry.ts'

/** Who can read a file, and who should. */
export const recipientsFindings = {} as const satisfies Record<string, Entry>
