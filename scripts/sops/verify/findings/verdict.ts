import { exit, UserError } from '../../../lib/errors.ts'
import type { RunFinding } from './finding.ts'
import { wordsOf } from './words.ts'

/** Ends the verification: a stage failed (`exit.no`), or it cannot be checked (`exit.notDone`). */
export class Verdict extends UserError {
  readonly finding: RunFinding

  constructor(finding: RunFinding, exitCode: Verdict['exitCode']) {
    const { message, fix } = wordsOf(finding)
    super(`${finding.object}: ${message}`, { hint: fix, exitCode })
    this.name = 'Verdict'
    this.finding = finding
  }
}

/** The verdict that a stage failed. */
export function failed(finding: RunFinding): Verdict {
  return new Verdict(finding, exit.no)
}

/** The verdict that it cannot be checked. */
export function notChecked(finding: RunFinding): Verdict {
  return new Verdict(finding, exit.notDone)
}
