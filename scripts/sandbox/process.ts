import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { UserError } from '../lib/errors.ts'
import { redact } from '../lib/redact.ts'
import type { StateDirectory } from './state-directory.ts'

/** One long-running process of the sandbox. */
export interface Process {
  readonly name: string
  readonly pid: number
  /** The file that its stdout and stderr go to. */
  readonly log: string
  /** Why it ended; `undefined` while it runs. */
  readonly failure: UserError | undefined
  /** Settled when it has ended, for whatever reason. Never rejects. */
  readonly ended: Promise<void>
  /** SIGTERM, and SIGKILL after `grace` milliseconds. Returns when it has ended. */
  stop(grace?: number): Promise<void>
}

/** What the processes of a sandbox share. */
export interface Surroundings {
  state: StateDirectory
  /** The whole environment of each process. */
  env: NodeJS.ProcessEnv
  /** Every process that was started, by its name, as soon as it runs; so it can be stopped whatever happens next. */
  processes: Map<string, Process>
  /** Ends the waiting for a process to become ready. */
  signal?: AbortSignal | undefined
}

/**
 * Starts a program in a process group of its own, so that the terminal's Ctrl-C does not reach it before its owner.
 * Its name is that of the program, its log the file `<name>.log` in the state directory.
 * @param args the program's path and its arguments: never a secret
 */
export function startProcess(args: readonly string[], { state, env, processes }: Surroundings): Process {
  const name = basename(args[0]!)
  const log = join(state.path, `${name}.log`)
  const output = openSync(log, 'w', 0o600)
  const child = spawn(args[0]!, args.slice(1), {
    cwd: state.path,
    env,
    detached: true,
    stdio: ['ignore', output, output],
  })
  closeSync(output)
  const pid = child.pid ?? 0
  if (pid) state.add(pid)
  let failure: UserError | undefined
  const ended = new Promise<void>((done) => {
    const end = (how: string) => {
      failure = new UserError(`${name} ended unexpectedly (${how})${tail(log)}`)
      if (pid) state.forget(pid)
      done()
    }
    child.once('error', (error) => end(error.message))
    child.once('exit', (code, signal) => end(signal ?? `exit ${code}`))
  })
  const send = (signal: NodeJS.Signals) => {
    try {
      process.kill(-pid, signal)
    } catch {
      // it has ended by itself
    }
  }
  const started: Process = {
    name,
    pid,
    log,
    ended,
    get failure() {
      return failure
    },
    async stop(grace = 3000) {
      // without a pid nothing was started, and the group 0 would be ours
      if (failure || !pid) return
      send('SIGTERM')
      const killer = setTimeout(send, grace, 'SIGKILL')
      await ended
      clearTimeout(killer)
    },
  }
  processes.set(name, started)
  return started
}

/**
 * Waits until `probe` says true, asking it every 20 ms.
 * @throws UserError with the end of the log where a process of the sandbox ends first, or where it takes longer than two
 *   minutes; the reason of `signal`
 */
export async function waitUntilReady(
  process: Process,
  probe: () => Promise<boolean>,
  { processes, signal }: Surroundings,
): Promise<void> {
  const deadline = Date.now() + 120_000
  for (;;) {
    signal?.throwIfAborted()
    for (const { failure } of processes.values()) if (failure) throw failure
    if (await probe()) return
    if (Date.now() > deadline)
      throw new UserError(`${process.name} was not ready within 2 minutes${tail(process.log)}`)
    await sleep(20)
  }
}

/** Whether the process has written `text` to its log. */
export function logHolds(log: string, text: string): boolean {
  return readFileSync(log, 'utf8').includes(text)
}

/** The last lines of a log, redacted: the API server's holds decrypted values at times (docs/decryption.md#what-messages-can-hold). */
function tail(log: string): string {
  const lines = redact(readFileSync(log, 'utf8')).trimEnd().split('\n')
  return `; the end of its log:\n${lines.slice(-15).join('\n')}`
}
