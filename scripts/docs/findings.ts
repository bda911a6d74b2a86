import { catalogue } from '../findings/catalogue.ts'
import { codes } from '../findings/codes.ts'
import { severities } from '../findings/entry.ts'
import { explainCode } from '../findings/explain.ts'

/** The document that has a section for each code. */
export const findingsPage = 'docs/findings.md'

/** All codes, the errors first, and a section for each with what `--explain` prints. */
export function findingSections(): string {
  const lists = severities.flatMap((severity) => {
    const alike = codes.filter((code) => catalogue[code].severity === severity)
    return alike.length > 0 ? [`${severity}: ${alike.map((code) => `[${code}](#${code})`).join(', ')}`] : []
  })
  const sections = codes.map((code) => [`## ${code}`, ...explainCode(code)].join('\n\n'))
  return [...lists, ...sections].join('\n\n')
}
