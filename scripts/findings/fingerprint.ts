import { createHash } from 'node:crypto'
import type { Finding } from './finding.ts'

/**
 * A finding with the name that it keeps for as long as its fault is there: wherever its lines move to, and whatever else is found.
 */
export interface MarkedFinding extends Finding {
  /** SHA-256 in hexadecimal. */
  fingerprint: string
}

/**
 * Gives each finding its fingerprint: the digest of its code, file, object and facts, and of how many equal ones come before it.
 * The line does not count, for it moves.
 * @param findings in the order of their places
 */
export function markFindings(findings: readonly Finding[]): MarkedFinding[] {
  const seen = new Map<string, number>()
  return findings.map((found) => {
    const { code, file = '', object = '', facts } = found
    const sorted = Object.entries(facts).toSorted(([a], [b]) => (a < b ? -1 : 1))
    const text = JSON.stringify([code, file, object, sorted])
    const before = seen.get(text) ?? 0
    seen.set(text, before + 1)
    return { ...found, fingerprint: createHash('sha256').update(`${text}${before}`).digest('hex') }
  })
}
