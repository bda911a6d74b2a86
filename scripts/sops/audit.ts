import { type Finding, severityOf, worded } from '../findings/finding.ts'
import type { Report } from '../lib/caller.ts'
import { exit } from '../lib/errors.ts'
import { findAll } from './audit/find-all.ts'
import type { AuditOptions } from './audit/options.ts'

/**
 * Finds what is wrong in the files of a repository, without a cluster. Writes nothing, and never prints a value.
 * @returns exit code 1 where something above a note was found
 * @throws UserError where it could not be checked
 */
export async function audit(options: AuditOptions): Promise<Report> {
  const findings = await findAll(options)
  const counts = findings.some((found) => severityOf(found) !== 'note')
  return { exitCode: counts ? exit.no : exit.done, lines: findings.map(lineOf), json: { findings } }
}

function lineOf(found: Finding): string {
  const { severity, message, fix } = worded(found)
  const place = [found.file, found.line, found.column].filter((part) => part !== undefined).join(':')
  return `${place}: ${severity}: ${message} (${found.code})\n  hint: ${fix}`
}
