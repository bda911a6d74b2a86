import { exit } from '../../lib/errors.ts'

/** How a run has ended, for programs. */
export type Result = 'passed' | 'failed' | 'unknown'

/** What `result` of a document says for an exit code. */
export function resultFor(exitCode: number): Result {
  if (exitCode === exit.done) return 'passed'
  return exitCode === exit.no ? 'failed' : 'unknown'
}
