import { createRequire } from 'node:module'
import { type Code, catalogue } from './catalogue.ts'

/** All codes, in the order of the catalogue. */
export const codes = Object.keys(catalogue) as Code[]

/** Whether something is the name of a finding. */
export function isCode(text: string): text is Code {
  return Object.hasOwn(catalogue, text)
}

/** How many codes are offered for one that is not known. */
const offered = 3

/** The codes that have a text in them, or are written most like it, the nearest first. */
export function nearestCodes(text: string): Code[] {
  // who writes codes right needs no package
  const { diffChars } = createRequire(import.meta.url)('diff') as typeof import('diff')
  const editsTo = (code: Code) =>
    diffChars(text, code).reduce((sum, { added, removed, count }) => sum + (added || removed ? count : 0), 0)
  const near = codes.map((code) => ({ code, edits: code.includes(text) ? 0 : editsTo(code) }))
  return near
    .toSorted((a, b) => a.edits - b.edits)
    .slice(0, offered)
    .map(({ code }) => code)
}
