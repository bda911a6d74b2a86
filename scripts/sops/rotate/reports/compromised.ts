import type { Report } from '../../../lib/caller.ts'
import type { Repository } from '../../../lib/git/git.ts'
import type { RotateOptions } from '../options.ts'
import { type Exposed, whatOldOpened } from '../state/exposed.ts'
import { exposedMarkdown } from '../state/exposed-markdown.ts'

/** What an old identity could open, for people and for programs. */
interface ExposedReport {
  lines: string[]
  json: { exposed: Exposed[] }
}

/** Reads all that an identity could open in history: names, never a value. */
async function readExposed(
  repository: Repository,
  old: string,
  { caller }: RotateOptions,
): Promise<ExposedReport> {
  const exposed = await whatOldOpened(repository, old, caller.status)
  return { lines: exposedMarkdown(exposed, old).split('\n'), json: { exposed } }
}

/** A report with what the old identity could open before it. */
export async function withExposed(
  report: Report,
  repository: Repository,
  old: string,
  options: RotateOptions,
): Promise<Report> {
  const { lines, json } = await readExposed(repository, old, options)
  return { ...report, lines: [...lines, ...report.lines], json: { ...report.json, ...json } }
}

/** Says what the old identity could open, where there is no report. */
export async function sayExposed(repository: Repository, old: string, options: RotateOptions): Promise<void> {
  const { lines } = await readExposed(repository, old, options)
  for (const line of lines) options.caller.say(line)
}
