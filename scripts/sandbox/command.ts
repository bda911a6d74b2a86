import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { isatty } from 'node:tty'
import { Interrupted, MissingProgram, UserError } from '../lib/errors.ts'

/** Where the user's command runs, and what ends it. */
export interface CommandOptions {
  cwd: string
  env: NodeJS.ProcessEnv
  /** Ctrl-C and SIGTERM: passed on to the command, whose end is waited for. */
  signal: AbortSignal
  /** Ends the command when aborted; the reason is thrown. */
  broken: AbortSignal
}

/**
 * Runs the user's command on the user's own stdin, stdout and stderr.
 * @returns its exit code, as a shell gives it: 128 + the number of the signal that ended it
 * @throws UserError where it can't be started; the reason of `broken`, and of `signal` where it is aborted before the start
 */
export async function runCommand(args: readonly string[], options: CommandOptions): Promise<number> {
  const { cwd, env, signal, broken } = options
  AbortSignal.any([signal, broken]).throwIfAborted()
  const child = spawn(args[0]!, args.slice(1), { cwd, env, stdio: 'inherit' })
  const interrupt = () => {
    const by = signal.reason instanceof Interrupted ? signal.reason.signal : ''
    const isKey = by === 'SIGINT' || by === 'SIGQUIT'
    // a terminal sends Ctrl-C and Ctrl-\ to the command by itself
    if (!(isKey && isatty(0))) child.kill(isKey ? by : 'SIGTERM')
  }
  const end = () => child.kill()
  signal.addEventListener('abort', interrupt)
  broken.addEventListener('abort', end)
  try {
    const code = await new Promise<number>((done, fail) => {
      child.once('error', (error: NodeJS.ErrnoException) => fail(notStarted(args[0]!, error)))
      child.once('close', (code, by) => done(code ?? 128 + constants.signals[by!]))
    })
    broken.throwIfAborted()
    return code
  } finally {
    signal.removeEventListener('abort', interrupt)
    broken.removeEventListener('abort', end)
  }
}

function notStarted(program: string, { code }: NodeJS.ErrnoException): UserError {
  if (code === 'ENOENT') return new MissingProgram(program, undefined)
  return new UserError(`${program} could not be started (${code})`)
}
