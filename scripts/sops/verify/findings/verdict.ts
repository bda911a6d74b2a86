import { type Finding, worded } from '../../../findings/finding.ts'
import { exit, UserError } from '../../../lib/errors.ts'

/** Ends the verification: a stage failed (`exit.no`), or it cannot be checked (`exit.notDone`). */
export class Verdict extends UserError {
  readonly finding: Finding

  constructor(finding: Finding, exitCode: Verdict['exitCode']) {
    const { message, fix } = worded(finding)
    super(`${finding.object}: ${message}`, { hint: fix, exitCode })
    this.name = 'Verdict'
    this.finding = finding
  }
}

/** The verdict that a stage failed. */
export function failed(finding: Finding): Verdict {
  return new Verdict(finding, exit.no)
}

/** The verdict that it cannot be checked. */
export function notChecked(finding: Finding): Verdict {
  return new Verdict(finding, exit.notDone)
}
