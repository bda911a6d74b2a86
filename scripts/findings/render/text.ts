import { type Code, catalogue } from '../catalogue.ts'
import { type Entry, type Severity, severities } from '../entry.ts'
import { generalized } from '../explain.ts'
import { type Finding, severityOf, worded } from '../finding.ts'
import { visible } from './visible.ts'

/** Findings for people: the files one below the other, then what to do, once for each code. */
export function asText(findings: readonly Finding[], nameOf: (file: string) => string): string[] {
  const files = Map.groupBy(findings, ({ file, object = '' }) => (file === undefined ? object : nameOf(file)))
  const places = [...files].flatMap(([name, inside]) => [name, ...linesOf(inside), ''])
  const fixes = [...Map.groupBy(findings, ({ code }) => code)].map(
    ([code, alike]) => `${code}: ${fixOf(code, alike, nameOf)}`,
  )
  const lines = fixes.length > 0 ? [...places, 'what to do:', ...fixes.map((fix) => `  ${fix}`), ''] : []
  return lines.map(visible)
}

/** How many there are of each severity: `2 errors and 1 note`; `no findings`. */
export function countsAsText(findings: readonly Finding[]): string {
  const counts = countFindings(findings)
  const named = severities
    .filter((severity) => counts[severity] > 0)
    .map((severity) => `${counts[severity]} ${severity}${counts[severity] === 1 ? '' : 's'}`)
  const last = named.pop() ?? 'no findings'
  return named.length > 0 ? `${named.join(', ')} and ${last}` : last
}

/** How many there are of each severity. */
export function countFindings(findings: readonly Finding[]): Record<Severity, number> {
  const counts = { error: 0, warning: 0, note: 0 }
  for (const found of findings) counts[severityOf(found)]++
  return counts
}

function linesOf(findings: readonly Finding[]): string[] {
  const placed = findings.map((found) => ({
    ...worded(found),
    code: found.code,
    place: [found.line, found.column].filter((part) => part !== undefined).join(':'),
    object: found.file === undefined ? undefined : found.object,
  }))
  const width = Math.max(...placed.map(({ place }) => place.length))
  return placed.map(({ place, severity, object, message, code }) => {
    const what = object === undefined ? message : `${object}: ${message}`
    return `  ${`${place.padEnd(width)}  `.trimStart()}${severity.padEnd('warning'.length)}  ${what} (${code})`
  })
}

/** What to do about all findings of a code: in their own words where these are the same. */
function fixOf(code: Code, alike: readonly Finding[], nameOf: (file: string) => string): string {
  const [first, ...others] = new Set(alike.map((found) => worded(found, nameOf).fix))
  const { fix }: Entry = catalogue[code]
  return first !== undefined && others.length === 0 ? first : generalized(fix)
}
