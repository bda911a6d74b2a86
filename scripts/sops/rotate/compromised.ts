import type { Report } from '../../lib/caller.ts'
import type { RunEnd } from './advance.ts'
import { reportRotation } from './report.ts'
import type { RotationRun } from './run.ts'
import { whatOldOpened } from './state/exposed.ts'
import { exposedMarkdown } from './state/exposed-markdown.ts'

/** As the report of a rotation, with all that the old identity could open in history: names, never a value. */
export async function reportExposed(run: RotationRun, end: RunEnd): Promise<Report> {
  const { rotation, stand, options } = run
  const exposed = await whatOldOpened(stand.survey.repository, rotation.old, options.caller.status)
  const report = await reportRotation(run, end)
  return {
    ...report,
    lines: [...exposedMarkdown(exposed, rotation.old).split('\n'), ...report.lines],
    json: { ...report.json, exposed },
  }
}
