import { failure, type Outcome, outcomeOf, type ProgramOptions, startProgram } from './program.ts'

/** The longest delay of a timer, in ms (https://nodejs.org/api/timers.html). */
const longestDelay = 2 ** 31 - 1

/** How a program is run to its end. */
export interface RunOptions extends Omit<ProgramOptions, 'directory'> {
  /** How long it may take, in ms. */
  timeout?: number
  /** Exit codes besides 0 that are an answer and not an error. */
  okCodes?: readonly number[]
}

/**
 * Runs a program and returns its stdout.
 * @param args the program and its arguments: never a secret, for they can be seen by everybody
 * @throws CommandError with the redacted stderr (never stdout) for an exit code that is neither 0 nor in `okCodes`;
 *   MissingProgram; the reason of `signal` where that was aborted
 */
export async function run(args: readonly string[], options: RunOptions = {}): Promise<string> {
  const outcome = await attempt(args, options)
  if (outcome.code === 0 || options.okCodes?.includes(outcome.code ?? -1)) return outcome.stdout
  throw failure(args, outcome, options.timeout)
}

/** As `run`, but returns the outcome whatever the exit code. @throws MissingProgram; the reason of `signal` */
export async function attempt(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const program = startProgram(args, options)
  let timedOut = false
  const timer = setTimeout(() => {
    timedOut = true
    program.end()
  }, options.timeout ?? longestDelay)
  try {
    const outcome = await outcomeOf(await program.process, args, options)
    return timedOut ? { ...outcome, code: null } : outcome
  } finally {
    clearTimeout(timer)
    program.release()
  }
}
