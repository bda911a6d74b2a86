/** The exit codes of every task, but for the command of `flux:sandbox`, whose code is passed on. mise changes none of them. */
export const exit = { done: 0, no: 1, notDone: 2, bug: 70 } as const

/** What a `UserError` says besides its message. */
export interface UserErrorOptions {
  /** What to do about it: printed behind `hint:`. */
  hint?: string
  /** `exit.no` where the task refuses or the answer is no; `exit.notDone` (the default) where it could not be done or checked. */
  exitCode?: RefusalCode
}

/** The exit codes of a task that ends with a `UserError`. */
type RefusalCode = typeof exit.no | typeof exit.notDone

/**
 * A state that we expect: what could not be done, to which object, and why.
 * The message is shown to the user as it is, so it must never hold a secret.
 */
export class UserError extends Error {
  readonly hint: string | undefined
  readonly exitCode: RefusalCode

  constructor(message: string, options: UserErrorOptions = {}) {
    super(message)
    this.name = 'UserError'
    this.hint = options.hint
    this.exitCode = options.exitCode ?? exit.notDone
  }
}

/** A program that is not on PATH. */
export class MissingProgram extends UserError {
  /** @param hint how to get it */
  constructor(program: string, hint: string | undefined) {
    super(`${program} is not on PATH`, hint === undefined ? {} : { hint })
    this.name = 'MissingProgram'
  }
}

/** A tool that ended with an error. `stderr` is redacted; stdout is never kept. */
export class CommandError extends UserError {
  /** The exit code of the tool; `null` where it was ended by us (timeout). */
  readonly code: number | null
  readonly stderr: string

  constructor(message: string, code: number | null, stderr: string, options: UserErrorOptions = {}) {
    super(message, options)
    this.name = 'CommandError'
    this.code = code
    this.stderr = stderr
  }
}

/** Ctrl-C, another signal or a bug while children run: the reason that `Caller.signal` is aborted with. */
export class Interrupted extends UserError {
  /** Its name, as `SIGINT`. */
  readonly signal: string

  constructor(signal: string) {
    super(`interrupted (${signal})`)
    this.signal = signal
    this.name = 'Interrupted'
  }
}

/** What the machine lacks or refuses, by the code of the system's error. */
const troubles: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on the device',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file is larger than the limit allows',
  EROFS: 'the file system is read-only',
  EIO: 'the disk could not be read or written',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open on this machine',
  ENOMEM: 'no memory is left',
  EAGAIN: 'no more processes may be started',
}

/**
 * An error as one that we expect: a `UserError` as it is, and what the machine lacks (a full disk), wherever it comes up.
 * @returns `undefined` for any other: a bug of ours
 */
export function expected(error: unknown): UserError | undefined {
  if (error instanceof UserError) return error
  const { code = '', syscall, path } = error instanceof Error ? (error as NodeJS.ErrnoException) : {}
  const trouble = troubles[code]
  return trouble && syscall
    ? new UserError(`${trouble} (${[syscall, path].filter(Boolean).join(' ')})`)
    : undefined
}
