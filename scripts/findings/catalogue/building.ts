import type { Entry } from '../entry.ts'

/** What Flux does with encrypted files. */
export const buildingFindings = {} as const satisfies Record<string, Entry>
