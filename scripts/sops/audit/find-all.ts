import { setImmediate } from 'node:timers/promises'
import type { Finding } from '../../findings/finding.ts'
import { checks, fileChecks } from './checks.ts'
import { openFiles } from './open-files.ts'
import type { AuditOptions } from './options.ts'
import { readSubject } from './read-subject.ts'

/** What was looked at, and what was found. */
export interface Audit {
  /** The root of the repository, absolute. */
  root: string
  /** Relative to the root. */
  files: readonly string[]
  /** Those that sops has encrypted. */
  encrypted: readonly string[]
  /** Whether there was a key to decrypt with. */
  hasKey: boolean
  /** In the order of files and lines; nothing is left out for a baseline, `only`, `skip` or `paths`. */
  findings: readonly Finding[]
}

/**
 * Finds all that is wrong in the files of a repository.
 * @throws UserError where it could not be checked; the reason of the caller's signal
 */
export async function findAll(options: AuditOptions): Promise<Audit> {
  const subject = await readSubject(options)
  const { sopsFiles, findings } = await openFiles(subject, fileChecks)
  for (const check of checks) {
    // only between checks a signal is heard
    await setImmediate()
    options.caller.signal.throwIfAborted()
    findings.push(...(await check(subject, sopsFiles)))
  }
  return {
    root: subject.repository.root,
    files: subject.names,
    encrypted: sopsFiles.map(({ file }) => file),
    hasKey: subject.identities !== undefined,
    findings: findings.toSorted(byPlace),
  }
}

function byPlace(a: Finding, b: Finding): number {
  const [left, right] = [a, b].map(({ file = '', object = '' }) => `${file}\0${object}`)
  if (left !== right) return `${left}` < `${right}` ? -1 : 1
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0)
}
