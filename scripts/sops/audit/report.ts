import { resolve } from 'node:path'
import { severityOf } from '../../findings/finding.ts'
import { asGithub } from '../../findings/render/github.ts'
import { asJson } from '../../findings/render/json.ts'
import { asSarif } from '../../findings/render/sarif.ts'
import { asText, countFindings, countsAsText } from '../../findings/render/text.ts'
import { visible } from '../../findings/render/visible.ts'
import type { Report } from '../../lib/caller.ts'
import { exit } from '../../lib/errors.ts'
import { namesFrom } from '../../lib/paths.ts'
import type { Baseline, Compared, KnownFinding } from './baseline.ts'
import type { Audit } from './find-all.ts'
import type { AuditOptions, OutputFormat } from './options.ts'

/** What a report is made of. */
export interface Reported extends Pick<Audit, 'root' | 'files' | 'encrypted' | 'hasKey'> {
  compared: Compared
  baseline: Baseline | undefined
}

/** The answer of an audit in a format; for `json` the document is all. */
export function reportAudit(
  format: OutputFormat,
  reported: Reported,
  { caller, writeBaseline }: AuditOptions,
): Report {
  const { root, files, encrypted, hasKey, compared } = reported
  const { fresh, known, gone } = compared
  const counts = fresh.some((found) => severityOf(found) !== 'note')
  const nameOf = namesFrom(caller.cwd)
  const inGithub = caller.env.GITHUB_ACTIONS === 'true'
  const lines: Record<OutputFormat, () => string[]> = {
    text: () => [
      ...asText(fresh, (file) => nameOf(resolve(root, file))),
      ...closingLines(reported, writeBaseline),
      ...(inGithub ? asGithub(fresh) : []),
    ],
    json: () => [],
    sarif: () => [JSON.stringify(asSarif(fresh), null, 2)],
    github: () => asGithub(fresh),
  }
  const explains = format === 'text' && fresh.length > 0
  return {
    exitCode: counts ? exit.no : exit.done,
    lines: lines[format](),
    hints: explains
      ? [{ text: '`mise run sops:audit --explain CODE` says what a code means', lines: [] }]
      : [],
    json: {
      result: counts ? 'failed' : 'passed',
      files: files.length,
      encrypted: encrypted.length,
      key: hasKey,
      counts: countFindings(fresh),
      known: known.length,
      gone,
      findings: fresh.map(asJson),
    },
  }
}

function closingLines(
  { files, encrypted, hasKey, baseline, compared: { fresh, known, gone } }: Reported,
  isWritten: boolean,
): string[] {
  const looked = `${count(files.length, 'file')}, ${encrypted.length} of them encrypted`
  const lines = [`${hasKey ? '' : 'without a key: '}${countsAsText(fresh)} in ${looked}`]
  if (!baseline) return lines
  if (isWritten) return [...lines, `${baseline.name} knows ${count(known.length, 'finding')}`]
  if (known.length > 0) lines.push(`${baseline.name} knows ${count(known.length, 'more', 'more')}`)
  if (gone.length > 0) lines.push(`gone since ${baseline.name} was written:`, ...gone.map(goneLine))
  return lines
}

function goneLine({ code, file, object, message }: KnownFinding): string {
  return visible(`  ${file ?? object}: ${message} (${code})`)
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`
}
