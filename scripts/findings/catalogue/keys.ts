import type { Entry } from '../entry.ts'

/** Private keys where they do not belong. */
export const keysFindings = {} as const satisfies Record<string, Entry>
