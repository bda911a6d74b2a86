import type { ChildProcess } from 'node:child_process'
import { constants } from 'node:os'
import { $, type ProcessOutput, quote, which } from 'zx/core'
import { CommandError, UserError } from './errors.ts'
import { redact } from './redact.ts'

/** The longest delay of a timer, in milliseconds (https://nodejs.org/api/timers.html). */
const longest = 2 ** 31 - 1

/** How long what a program has written may still be on its way when it has ended, in ms. */
const afterwards = 1_000

export interface RunOptions {
  cwd?: string
  env?: NodeJS.ProcessEnv
  /** Written to the process's stdin, which is then closed. The only way for a secret into a process. */
  input?: string
  /** Make stdin a pipe, which a program can open by name (`/dev/stdin`); from Node alone it would be a socket. */
  pipe?: boolean
  /** Ends the process when aborted; the reason is thrown. */
  signal?: AbortSignal | undefined
  /** How long it may take, in milliseconds. */
  timeout?: number
  /** Exit codes besides 0 that are an answer and not an error. */
  okCodes?: readonly number[]
  /** A program that must succeed before, in the same shell; its output comes first, with a NUL behind it. */
  after?: readonly string[]
  /** Keep the terminal, for a program that may ask the user (git: passphrases, signing). It then gets Ctrl-C as we do. */
  terminal?: boolean
}

export interface Outcome {
  /** `null` where we ended it because of `timeout`. */
  code: number | null
  stdout: string
  /** Redacted. */
  stderr: string
}

/**
 * Runs a program and returns its stdout.
 * @param args the program and its arguments: never a secret, for they can be seen by everybody
 * @throws CommandError with the redacted stderr (never stdout) for an exit code that is neither 0 nor in `okCodes`;
 *   UserError where the program is missing; the reason of `signal` where that was aborted
 */
export async function run(args: readonly string[], options: RunOptions = {}): Promise<string> {
  const outcome = await attempt(args, options)
  if (outcome.code === 0 || options.okCodes?.includes(outcome.code ?? -1)) return outcome.stdout
  throw failure(args, outcome, options.timeout)
}

/** The error for an outcome that is not an answer. */
export function failure(args: readonly string[], { code, stderr }: Outcome, timeout?: number): CommandError {
  const how = code === null ? `did not end within ${(timeout ?? 0) / 1000} s` : `failed (exit ${code})`
  const said = stderr.trim()
  return new CommandError(`${commandName(args)} ${how}${said ? `: ${said}` : ''}`, code, said)
}

/** As `run`, but returns the outcome whatever the exit code. @throws UserError where the program is missing */
export async function attempt(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const child = start(args, options)
  let timedOut = false
  const timer = setTimeout(() => {
    timedOut = true
    child.end()
  }, options.timeout ?? longest)
  try {
    const outcome = await outcomeOf(await child.process, args, options)
    return timedOut ? { ...outcome, code: null } : outcome
  } finally {
    clearTimeout(timer)
    child.release()
  }
}

/** A program that runs until it is ended. */
export interface Service {
  /** The first line that it printed. */
  readonly line: string
  end(): Promise<void>
}

/**
 * Starts a program that serves, and waits for its first line. It ends with us: should we be killed, a shell that holds the
 * other end of its stdin ends it and removes `directory`.
 * @throws as `run` where it ends without a line
 */
export async function serve(
  args: readonly string[],
  options: Pick<RunOptions, 'env' | 'signal'> & { directory: string },
): Promise<Service> {
  const child = start(args, options)
  const ended = (async () => outcomeOf(await child.process, args, options))()
  ended.catch(() => {})
  const end = async () => {
    child.end()
    await child.process
    child.release()
  }
  try {
    const line = await Promise.race([firstLine(child.process.stdout), ended])
    if (typeof line === 'string') return { line, end }
    throw failure(args, line)
  } catch (error) {
    await end()
    throw error
  }
}

/** Never resolves for a line that does not end: a question, for example. */
function firstLine(stdout: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    const read = (chunk: Buffer) => {
      text += chunk
      const [line, rest] = text.split('\n', 2)
      if (rest === undefined) return
      stdout.off('data', read)
      stdout.resume()
      resolve(line!)
    }
    stdout.on('data', read)
  })
}

async function outcomeOf(
  output: ProcessOutput,
  args: readonly string[],
  options: RunOptions,
): Promise<Outcome> {
  const { exitCode, signal, stdout, stderr } = output
  options.signal?.throwIfAborted()
  if (exitCode === 127) await requireProgram(args[0]!, options)
  // as shells do for a program that a signal has ended
  const code = exitCode ?? 128 + (signal ? constants.signals[signal] : 0)
  return { code, stdout, stderr: redact(stderr) }
}

/** bash says 127 for a program that it does not find; a program may end with 127 as well. */
async function requireProgram(program: string, { cwd, env }: RunOptions): Promise<void> {
  if (which.sync(program, { nothrow: true, path: (env ?? process.env).PATH || '.' })) return
  const { howToGet } = await import('./mise-tools.ts')
  throw new UserError(`${program} is not on PATH`, {
    hint: howToGet(program, cwd ?? process.cwd(), env ?? process.env),
  })
}

function start(args: readonly string[], options: RunOptions & { directory?: string }) {
  options.signal?.throwIfAborted()
  const detached = !options.terminal
  const guard = options.directory && guardOf(options.directory)
  const first = options.after ? `command ${options.after.map(quote).join(' ')} && printf '\\0' && ` : ''
  const running = $({
    quiet: true,
    nothrow: true,
    // `exec`: bash starts the program and is gone, so that the signal we send reaches the program
    prefix: guard ?? `${options.pipe ? 'cat | ' : first}exec `,
    postfix: guard ? ' </dev/null' : '',
    detached,
    input: options.input ?? '',
    ...(options.cwd && { cwd: options.cwd }),
    env: environmentOf(options),
  })`${args}`
  const { child } = running
  if (!child) throw new UserError('bash is not on PATH')
  // a hook of git may leave a process behind that keeps the pipes open
  if (options.terminal) child.once('exit', () => setTimeout(closePipes, afterwards, child).unref())
  // a program may end without having read its input
  child.stdin?.on('error', () => {})
  if (!options.input && !guard) child.stdin?.end()
  const send = (signal: NodeJS.Signals) => {
    try {
      process.kill(detached ? -child.pid! : child.pid!, signal)
    } catch {
      // it has ended by itself
    }
  }
  let killer: NodeJS.Timeout | undefined
  const end = () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    send('SIGTERM')
    killer ??= setTimeout(send, 2000, 'SIGKILL')
  }
  options.signal?.addEventListener('abort', end)
  const release = () => {
    clearTimeout(killer)
    // what the program started and did not take with it
    if (killer && detached) send('SIGKILL')
    options.signal?.removeEventListener('abort', end)
  }
  return { process: running, end, release }
}

function closePipes(child: ChildProcess): void {
  for (const pipe of [child.stdout, child.stderr]) pipe?.destroy()
}

/** A shell beside the program (`$$`) waits for the end of stdin, which comes when we are gone. */
function guardOf(directory: string): string {
  return `{ read -r; kill $$; rm -rf -- ${quote(directory)}; } <&0 >/dev/null 2>&1 & exec `
}

/**
 * What says where a repository is (`git rev-parse --local-env-vars`, without the configuration). Git sets these for aliases
 * and hooks, and they would make git work in the user's tree where `cwd` is another one. The last four change what our pathspecs mean.
 */
const namesOfGit = [
  ...['GIT_DIR', 'GIT_WORK_TREE', 'GIT_IMPLICIT_WORK_TREE', 'GIT_COMMON_DIR', 'GIT_INDEX_FILE', 'GIT_PREFIX'],
  ...['GIT_OBJECT_DIRECTORY', 'GIT_ALTERNATE_OBJECT_DIRECTORIES', 'GIT_GRAFT_FILE', 'GIT_SHALLOW_FILE'],
  ...['GIT_LITERAL_PATHSPECS', 'GIT_GLOB_PATHSPECS', 'GIT_NOGLOB_PATHSPECS', 'GIT_ICASE_PATHSPECS'],
]

/** The private key that the user may have in SOPS_AGE_KEY is for nobody but the user's own git hooks. */
function environmentOf({ env = process.env, terminal }: RunOptions): NodeJS.ProcessEnv {
  const { SOPS_AGE_KEY, ...others } = env
  // bash reads ~/.bashrc where stdin is a socket, as Node's pipes are, and no shell is above it (SHLVL); and always BASH_ENV
  const clean: NodeJS.ProcessEnv = { ...(terminal ? env : others), SHLVL: '1', BASH_ENV: '' }
  for (const name of namesOfGit) delete clean[name]
  return clean
}

/** The program and its verbs, without options and values: `kubectl get secret`. */
function commandName(args: readonly string[]): string {
  const words = args.slice(0, 3)
  const end = words.findIndex((word) => word.startsWith('-'))
  return words.slice(0, end < 0 ? words.length : end).join(' ')
}
