import type { Report } from '../../../lib/caller.ts'
import type { Repository } from '../../../lib/git.ts'
import type { RotateOptions } from '../options.ts'
import type { RotationRun } from '../run.ts'
import type { RunEnd } from '../stages/advance.ts'
import { type Exposed, whatOldOpened } from '../state/exposed.ts'
import { exposedMarkdown } from '../state/exposed-markdown.ts'
import { reportRotation } from './report.ts'

/** What an old identity could open, for people and for programs. */
export interface ExposedReport {
  lines: string[]
  json: { exposed: Exposed[] }
}

/** Reads all that an identity could open in history: names, never a value. */
export async function readExposed(
  repository: Repository,
  old: string,
  { caller }: RotateOptions,
): Promise<ExposedReport> {
  const exposed = await whatOldOpened(repository, old, caller.status)
  return { lines: exposedMarkdown(exposed, old).split('\n'), json: { exposed } }
}

/** As the report of a rotation, with what the old identity could open. */
export async function reportExposed(run: RotationRun, end: RunEnd): Promise<Report> {
  const { lines, json } = await readExposed(run.stand.survey.repository, run.rotation.old, run.options)
  const report = await reportRotation(run, end)
  return { ...report, lines: [...lines, ...report.lines], json: { ...report.json, ...json } }
}
