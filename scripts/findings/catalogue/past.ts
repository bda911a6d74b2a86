import type { Entry } from '../entry.ts'

/** What old commits hold. */
export const pastFindings = {} as const satisfies Record<string, Entry>
