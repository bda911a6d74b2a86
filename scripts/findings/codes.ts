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
  const near = codes.map((code) => ({ code, edits: code.includes(text) ? 0 : editsBetween(text, code) }))
  return near
    .toSorted((a, b) => a.edits - b.edits)
    .slice(0, offered)
    .map(({ code }) => code)
}

/** How many letters must be put in, taken out or changed to make one text of another (Levenshtein). */
function editsBetween(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (const [index, letter] of [...from].entries()) {
    const next = [index + 1]
    for (const [at, other] of [...to].entries())
      next.push(
        Math.min((next[at] ?? 0) + 1, (row[at + 1] ?? 0) + 1, (row[at] ?? 0) + (letter === other ? 0 : 1)),
      )
    row = next
  }
  return row[to.length] ?? 0
}
