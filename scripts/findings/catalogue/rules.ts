import type { Entry } from '../entry.ts'

/** Creation rules that do not do what they say. */
export const rulesFindings = {} as const satisfies Record<string, Entry>
