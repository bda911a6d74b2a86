import { accessSync, appendFileSync, constants, lstatSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Caller, Report } from '../../../lib/caller.ts'
import { exit, UserError } from '../../../lib/errors.ts'
import { nameBeside, writeFlushed } from '../../../lib/file-changes.ts'
import { type Result, resultFor } from '../result.ts'
import type { EvidenceDocument } from './document.ts'
import { summaryOf } from './summary.ts'

/** Where the evidence of a run goes. */
export interface EvidenceFile {
  /**
   * Writes the file, in one step and for the user alone, and appends a summary to `$GITHUB_STEP_SUMMARY`; nothing where no file
   * is wanted.
   * @param make the document, which holds no value
   * @returns the report, which says where it could not be written: the run is not proved to anybody then
   */
  write<One extends Report>(report: One, make: (result: Result) => EvidenceDocument): One
}

/**
 * @param path absolute; `undefined`: none is wanted
 * @throws UserError where there is something else than the evidence of an older run, or nothing can be written there
 */
export function openEvidence(path: string | undefined, { env, note }: Caller): EvidenceFile {
  if (path === undefined) return { write: (report) => report }
  if (path === '-')
    throw new UserError('--evidence needs a file', { hint: 'for a document on stdout there is --json' })
  requireReplaceable(path)
  return {
    write(report, make) {
      const evidence = make(resultFor(report.exitCode))
      try {
        requireReplaceable(path)
        replace(path, `${JSON.stringify(evidence, null, 2)}\n`)
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException
        const why = error instanceof UserError ? message : code
        const line = `the evidence could not be written to ${path}: ${why}`
        return { ...report, exitCode: report.exitCode || exit.notDone, lines: [...report.lines, line] }
      }
      const { GITHUB_STEP_SUMMARY: summary } = env
      if (summary) appendSummary(summary, summaryOf(evidence), note)
      return report
    },
  }
}

/** @throws UserError */
function requireReplaceable(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found && !(found.isFile() && isEvidence(path)))
    throw new UserError(`${path} is there, and is no evidence of sops:verify`, {
      hint: 'name another file with --evidence',
    })
  try {
    accessSync(dirname(path), constants.W_OK)
  } catch (error) {
    throw new UserError(`cannot write ${path}: ${(error as NodeJS.ErrnoException).code}`, {
      hint: 'name a file in a directory that is there and that you may write to',
    })
  }
}

function isEvidence(path: string): boolean {
  try {
    const { task, evidence } = JSON.parse(readFileSync(path, 'utf8'))
    return task === 'sops:verify' && typeof evidence === 'number'
  } catch {
    return false
  }
}

function replace(path: string, text: string): void {
  const temporary = nameBeside(path)
  writeFlushed(temporary, text, { mode: 0o600 })
  try {
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

function appendSummary(path: string, text: string, note: (line: string) => void): void {
  try {
    appendFileSync(path, text)
  } catch (error) {
    note(`the summary could not be appended to ${path}: ${(error as NodeJS.ErrnoException).code}`)
  }
}
