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
}

/** What a task returns. It holds no secret. */
export interface Report {
  exitCode: number
  /** Result lines for a person; printed to stdout after everything that was said live. */
  lines: readonly string[]
  /** The document for `--json`. */
  json: Record<string, unknown>
}
