import type { Finding } from '../../findings/finding.ts'
import { checks, fileChecks } from './checks.ts'
import { openFiles } from './open-files.ts'
import type { AuditOptions } from './options.ts'
import { readSubject } from './read-subject.ts'

/**
 * Finds all that is wrong in the files of a repository.
 * @returns in the order of files and lines; nothing is left out for a baseline, `only`, `skip` or `paths`
 * @throws UserError where it could not be checked
 */
export async function findAll(options: AuditOptions): Promise<Finding[]> {
  const subject = await readSubject(options)
  const { sopsFiles, findings } = await openFiles(subject, fileChecks)
  for (const check of checks) findings.push(...(await check(subject, sopsFiles)))
  return findings.toSorted(byPlace)
}

function byPlace(a: Finding, b: Finding): number {
  const [left, right] = [a, b].map(({ file = '', object = '' }) => `${file}\0${object}`)
  if (left !== right) return `${left}` < `${right}` ? -1 : 1
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0)
}
