/** Who called the task: where they stand, their environment, and how to talk to them. */
export interface Caller {
  /** The directory that the user stands in; their relative paths start here. */
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  /** Aborted with `Interrupted` on Ctrl-C and other signals. */
  readonly signal: AbortSignal
  /** A line of the result, live. Goes to stdout, or to stderr where `--json` keeps stdout for the document. */
  say(line: string): void
  /** Progress and diagnostics, to stderr. */
  note(line: string): void
  /** What is being waited for, on a terminal only; `undefined` takes it away. */
  status(text: string | undefined): void
  /**
   * Prints the document of `--json` now, for a task that goes on afterwards; its report has none then. `undefined` where it is
   * not asked for.
   */
  readonly document?: ((json: Record<string, unknown>) => void) | undefined
}

/** A thing to do, as a person reads it. */
export interface Hint {
  text: string
  lines: readonly string[]
}

/** What a task returns. It holds no secret. */
export interface Report {
  exitCode: number
  /** Result lines for a person; printed to stdout after everything that was said live. */
  lines: readonly string[]
  /** What is left to do, with lines to paste or to run; printed to stderr behind the result. With `--json` the document says it. */
  hints?: readonly Hint[]
  /** The document for `--json`; `undefined` where it was printed already. */
  json: Record<string, unknown> | undefined
}
