import { UserError } from '../../../lib/errors.ts'

/** Something that `sops:verify` found: data for `--json`, and the words for people. None of it holds a secret. */
export interface Finding {
  /** For programs: stays the same when the wording changes. */
  code: string
  /** `kustomization flux-system/infrastructure` */
  object: string
  message: string
  /** What to do about it. */
  fix: string
}

/** Ends the verification: a stage failed (`exitCode` 1), or it cannot be checked (2). */
export class Verdict extends UserError {
  readonly finding: Finding

  constructor(finding: Finding, exitCode: 1 | 2) {
    super(`${finding.object}: ${finding.message}`, { hint: finding.fix, exitCode })
    this.name = 'Verdict'
    this.finding = finding
  }
}

/** @returns a `Verdict` that a stage failed */
export function failed(code: string, object: string, message: string, fix: string): Verdict {
  return new Verdict({ code, object, message, fix }, 1)
}

/** @returns a `Verdict` that it cannot be checked */
export function unknown(code: string, object: string, message: string, fix: string): Verdict {
  return new Verdict({ code, object, message, fix }, 2)
}
