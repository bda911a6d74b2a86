import type { Entry } from '../entry.ts'

/** What is plain and should be encrypted. */
export const plaintextFindings = {} as const satisfies Record<string, Entry>
