import { catalogue } from '../findings/catalogue.ts'
import { explainCode, helpOf } from '../findings/explain.ts'
import { markFindings } from '../findings/fingerprint.ts'
import type { Report } from '../lib/caller.ts'
import { exit, UserError } from '../lib/errors.ts'
import { compareWithBaseline, type KnownFinding, readBaseline, writeBaselineFile } from './audit/baseline.ts'
import { codeFilter, fileFilter, requireCode } from './audit/choice.ts'
import { type AuditOptions, type OutputFormat, outputFormats } from './audit/options.ts'
import { reportAudit } from './audit/report.ts'

/**
 * Finds what is wrong in the files of a repository, without a cluster. Writes nothing but the baseline that it is told to, and never
 * prints a value.
 * @returns exit code 1 where something above a note was found
 * @throws UserError where it could not be checked
 */
export async function audit(options: AuditOptions): Promise<Report> {
  const format = formatOf(options)
  if (options.explain !== undefined) return explained(options.explain, options)
  const isWantedCode = codeFilter(options)
  if (options.writeBaseline) refusePart(options)
  const old = readBaseline(options)
  const { findAll } = await import('./audit/find-all.ts')
  const found = await findAll(options)
  const isWantedFile = fileFilter(options, found.root)
  const all = markFindings(found.findings)
  const baseline = options.writeBaseline ? writeBaselineFile(all, options, found) : old
  const { fresh, known, gone } = compareWithBaseline(baseline, all, options, found)
  const isWanted = ({ code, file }: Pick<KnownFinding, 'code' | 'file'>) =>
    isWantedCode(code) && isWantedFile(file)
  const reported = {
    ...found,
    files: found.files.filter(isWantedFile),
    encrypted: found.encrypted.filter(isWantedFile),
    baseline,
    compared: { fresh: fresh.filter(isWanted), known: known.filter(isWanted), gone: gone.filter(isWanted) },
  }
  return reportAudit(format, reported, options)
}

function formatOf({ format }: AuditOptions): OutputFormat {
  const known = outputFormats.find((name) => name === format)
  if (known) return known
  throw new UserError(`${format} is no format`, { hint: `take one of ${outputFormats.join(', ')}` })
}

/** A part would take the rest out of the file. */
function refusePart({ paths }: AuditOptions): void {
  if (paths.length === 0) return
  throw new UserError('a baseline is of the whole repository', { hint: 'leave out the paths' })
}

function explained(text: string, { paths }: AuditOptions): Report {
  if (paths.length > 0) throw new UserError('--explain takes no paths', { hint: 'leave them out' })
  const code = requireCode(text)
  const lines = explainCode(code).flatMap((paragraph) => ['', paragraph])
  const json = { result: 'passed', code, ...catalogue[code], help: helpOf(code) }
  return { exitCode: exit.done, lines: [code, ...lines], json }
}
