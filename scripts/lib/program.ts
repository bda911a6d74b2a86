import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { constants } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { $, type ProcessOutput, type ProcessPromise, which } from 'zx/core'
import { CommandError, MissingProgram } from './errors.ts'
import { shellWord } from './paths.ts'
import { redact } from './redact.ts'

/** How long we go on reading the output of a program that has ended, in ms. */
const pipesStayOpen = 1_000

/** How long a program may take to end after SIGTERM before it gets SIGKILL, in ms. */
const termGrace = 2_000

/** How much later than a program of the terminal we may hear of Ctrl-C, in ms. */
const signalLag = 1_000

/** How a program is started. */
export interface ProgramOptions {
  cwd?: string
  env?: NodeJS.ProcessEnv
  /** Written to the process's stdin, which is then closed. The only way for a secret into a process. */
  input?: string
  /** Leaves stdin open behind `input`, for more. */
  isFed?: boolean
  /** Ends the process when aborted; the reason is thrown. */
  signal?: AbortSignal | undefined
  /** Keep the terminal, for a program that may ask the user (git: passphrases, signing). It then gets Ctrl-C as we do. */
  terminal?: boolean
  /**
   * Should we be killed, a shell beside the program ends it and removes this directory. The program gets `input` only where it is
   * fed; with `terminal` its stdin is ours.
   */
  directory?: string
  /** A named pipe in this directory that the program serves: who waits for it then reads that nothing comes. */
  pipe?: string
}

/** A program that was started. */
export interface Program {
  readonly process: ProcessPromise
  /** The processes that it has started itself and that run; `undefined` where the system does not tell. */
  children(): number[] | undefined
  /** Tells it to end: SIGTERM, and SIGKILL where that takes too long. */
  end(): void
  /** To be called when it has ended. */
  release(): void
  /** Until then what watches over it, when it has ended by itself, may still be removing `directory`. */
  readonly guardEnded: Promise<void>
}

/** How a program ended. */
export interface Outcome {
  /** `null` where we ended it because of a timeout. */
  code: number | null
  stdout: string
  /** Redacted. */
  stderr: string
}

/**
 * Starts a program; by way of a shell, as zx does, only where something has to be beside it.
 * @param args the program and its arguments: never a secret, for they can be seen by everybody
 * @throws the reason of `signal` where that was aborted before; MissingProgram without sh
 */
export function startProgram(args: readonly string[], options: ProgramOptions): Program {
  options.signal?.throwIfAborted()
  const detached = !options.terminal
  const { input = '', isFed } = options
  const running = $({
    quiet: true,
    nothrow: true,
    shell: 'sh',
    quote: shellWord,
    ...(options.directory
      ? { prefix: guardOf(options.directory, options.pipe), postfix: '' }
      : { spawn: directly(args) }),
    detached,
    ...(!isFed && { input }),
    ...(options.directory && { stdio: [stdinOf(options), 'pipe', 'pipe', 'pipe'] }),
    ...(options.cwd && { cwd: options.cwd }),
    env: environmentOf(options),
  })`${args}`
  const { child } = running
  if (!child) throw new MissingProgram('sh', undefined)
  // zx decodes each chunk by itself, which breaks a character that two of them share
  for (const pipe of [child.stdout, child.stderr]) pipe?.setEncoding('utf8')
  // a hook of git may leave a process behind that keeps the pipes open
  if (options.terminal) child.once('exit', () => setTimeout(closePipes, pipesStayOpen, child).unref())
  // a program may end without having read its input
  child.stdin?.on('error', () => {})
  if (isFed) child.stdin?.write(input)
  else if (!input && !options.directory) child.stdin?.end()
  const guardEnded = options.directory ? endGuardWith(child) : Promise.resolve()
  const send = (signal: NodeJS.Signals) => {
    // with the terminal it is in our group; a guard is of no use any more
    const others = options.directory ? childrenOf(child) : undefined
    for (const pid of detached ? [-child.pid!] : [child.pid!, ...(others ?? [])]) {
      try {
        process.kill(pid, signal)
      } catch {
        // it has ended by itself
      }
    }
  }
  let killer: NodeJS.Timeout | undefined
  const end = () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    send('SIGTERM')
    killer ??= setTimeout(send, termGrace, 'SIGKILL')
  }
  options.signal?.addEventListener('abort', end)
  const release = () => {
    clearTimeout(killer)
    // what the program started and did not take with it
    if (killer && detached) send('SIGKILL')
    options.signal?.removeEventListener('abort', end)
  }
  return { process: running, end, release, guardEnded, children: () => childrenOf(child) }
}

/**
 * To be called where a program of the terminal has ended: Ctrl-C reaches it as well, and may end it before we hear of that.
 * @throws the reason of `signal` where that is aborted by then
 */
export async function throwIfInterrupted(signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted()
  if (signal) await sleep(signalLag, undefined, { signal }).catch(() => {})
  signal?.throwIfAborted()
}

/**
 * How a program ended.
 * @throws MissingProgram; the reason of `signal` where that was aborted
 */
export async function outcomeOf(
  { exitCode, signal, stdout, stderr, cause }: ProcessOutput,
  args: readonly string[],
  options: ProgramOptions,
): Promise<Outcome> {
  options.signal?.throwIfAborted()
  // what Node and the shell say of a program that cannot be started
  const isNotStarted = cause instanceof Error
  if (isNotStarted || exitCode === 127)
    for (const program of [args[0]!, 'sh']) await requireProgram(program, options)
  // as shells do for a program that a signal has ended
  const code = isNotStarted ? 127 : (exitCode ?? 128 + (signal ? constants.signals[signal] : 0))
  return { code, stdout, stderr: redact(isNotStarted ? cause.message : stderr) }
}

/**
 * The error for an outcome that is not an answer. It names the program and its verbs, and quotes stderr, never stdout.
 * @param timeout that the program was given, in ms
 */
export function failure(args: readonly string[], { code, stderr }: Outcome, timeout = 0): CommandError {
  const how = code === null ? `did not end within ${timeout / 1000} s` : `failed (exit ${code})`
  const said = stderr.trim()
  return new CommandError(`${commandName(args)} ${how}${said ? `: ${said}` : ''}`, code, said)
}

/** @throws MissingProgram where a program is not on PATH: a shell says 127 for one, and a program may end with 127 as well */
export async function requireProgram(
  program: string,
  { cwd, env }: Pick<ProgramOptions, 'cwd' | 'env'>,
): Promise<void> {
  if (which.sync(program, { nothrow: true, path: (env ?? process.env).PATH || '.' })) return
  const { howToGet } = await import('./mise-tools.ts')
  throw new MissingProgram(program, howToGet(program, cwd ?? process.cwd(), env ?? process.env))
}

/** Linux alone has them (proc_pid_task(5), `children`). */
function childrenOf({ pid }: ChildProcess): number[] | undefined {
  const tasks = `/proc/${pid}/task`
  try {
    return readdirSync(tasks).flatMap((task) =>
      readFileSync(`${tasks}/${task}/children`, 'utf8').split(' ').map(Number).filter(Boolean),
    )
  } catch {
    return undefined
  }
}

function closePipes(child: ChildProcess): void {
  for (const pipe of [child.stdout, child.stderr]) pipe?.destroy()
}

/** Of a program that has a guard. */
const stdinOf = ({ isFed, terminal }: ProgramOptions) => {
  if (isFed) return 'pipe'
  return terminal ? 'inherit' : 'ignore'
}

/** Has zx start the program itself in place of the line for the shell, which is a process for each program. */
function directly([program = '', ...args]: readonly string[]): typeof spawn {
  const start = (_line: string, _none: readonly string[], options: SpawnOptions) =>
    spawn(program, args, { ...options, shell: false })
  return start as typeof spawn
}

/**
 * A shell beside the program (`$$`) waits for the end of a pipe, which comes when we are gone. Who opens the named pipe would wait for
 * ever: it is held open until nobody can open it any more.
 */
function guardOf(directory: string, pipe: string | undefined): string {
  const hold = pipe === undefined ? '' : `exec 4<>${shellWord(pipe)}; `
  const guard = `{ read -r _; kill $$; ${hold}rm -rf -- ${shellWord(directory)}; } <&3 3<&- >/dev/null 2>&1`
  return `${guard} & exec 3<&-; exec `
}

/** Ends the guard of a program with it: what the guard waits on is closed at its own end when that has gone. */
function endGuardWith(child: ChildProcess): Promise<void> {
  const pipe = child.stdio[3] as Socket
  child.once('exit', () => pipe.end())
  return new Promise((resolve) => {
    // the guard may have gone first
    pipe.on('error', () => {})
    pipe.once('close', () => resolve())
    pipe.resume()
  })
}

/**
 * What says where a repository is (`git rev-parse --local-env-vars`, without the configuration). Git sets these for aliases
 * and hooks, and they would make git work in the user's tree where `cwd` is another one. The last four change what our pathspecs mean.
 */
const namesOfGit = [
  'GIT_DIR',
  'GIT_WORK_TREE',
  'GIT_IMPLICIT_WORK_TREE',
  'GIT_COMMON_DIR',
  'GIT_INDEX_FILE',
  'GIT_PREFIX',
  'GIT_OBJECT_DIRECTORY',
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_GRAFT_FILE',
  'GIT_SHALLOW_FILE',
  'GIT_LITERAL_PATHSPECS',
  'GIT_GLOB_PATHSPECS',
  'GIT_NOGLOB_PATHSPECS',
  'GIT_ICASE_PATHSPECS',
]

/** The private key that the user may have in SOPS_AGE_KEY is for nobody but the user's own git hooks. */
function environmentOf({ env = process.env, terminal }: ProgramOptions): NodeJS.ProcessEnv {
  const { SOPS_AGE_KEY, ...others } = env
  const clean = { ...(terminal ? env : others) }
  for (const name of namesOfGit) delete clean[name]
  return clean
}

/** The program and its verbs, without options and values: `kubectl get secret`. */
function commandName(args: readonly string[]): string {
  const words = args.slice(0, 3)
  const end = words.findIndex((word) => word.startsWith('-'))
  return words.slice(0, end < 0 ? words.length : end).join(' ')
}
