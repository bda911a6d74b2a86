import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { basename } from 'node:path'
import type { Sandbox } from '../../scripts/sandbox/sandbox.ts'
import type { SandboxAccess } from '../helpers/flux/sandbox.ts'
import { isRunning, until } from '../helpers/processes.ts'

/** A process of a sandbox that a run needs. */
export type Service = 'kube-apiserver' | 'source-controller' | 'kustomize-controller'

/** How often each process was paused and not yet woken: a stage and a fault may pause the same one. */
const pauses = new Map<number, number>()

/** Stops a service by SIGSTOP: it keeps its connections and answers nothing. @returns wakes it, unless another pause lasts */
export function pause(sandbox: SandboxAccess, service: Service): () => void {
  const pid = pidOf(sandbox, service)
  pauses.set(pid, (pauses.get(pid) ?? 0) + 1)
  process.kill(pid, 'SIGSTOP')
  return () => {
    const left = (pauses.get(pid) ?? 1) - 1
    pauses.set(pid, left)
    if (left === 0 && isRunning(pid)) process.kill(pid, 'SIGCONT')
  }
}

/** Ends a service by SIGKILL. @returns starts it again as it was; `endRestarted` ends that */
export async function end(sandbox: SandboxAccess, service: Service): Promise<() => void> {
  const pid = pidOf(sandbox, service)
  const [program = '', ...args] = read(pid, 'cmdline').split('\0').slice(0, -1)
  const env = Object.fromEntries(
    read(pid, 'environ')
      .split('\0')
      .filter(Boolean)
      .map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  )
  process.kill(pid, 'SIGKILL')
  await until(`${service} has ended`, () => !isRunning(pid))
  return () => {
    spawn(program, args, { cwd: sandbox.directory, env, detached: true, stdio: 'ignore' }).unref()
  }
}

/** Ends what `end` started again: the sandbox does not know of it. */
export async function endRestarted(sandbox: Sandbox): Promise<void> {
  const known = Object.values(sandbox.pids)
  const others = processesOf(sandbox).filter((pid) => !known.includes(pid))
  for (const pid of others) process.kill(pid, 'SIGKILL')
  await until('what was started again has ended', () => !others.some(isRunning))
}

function pidOf(sandbox: SandboxAccess, service: Service): number {
  const found = processesOf(sandbox).find((pid) => basename(link(pid, 'exe')) === service)
  if (!found) throw new Error(`${service} does not run`)
  return found
}

/** The processes that work in the directory of the sandbox. */
function processesOf({ directory }: SandboxAccess): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && link(pid, 'cwd') === directory && isRunning(pid))
}

const read = (pid: number, file: string) => readFileSync(`/proc/${pid}/${file}`, 'utf8')

function link(pid: number, file: string): string {
  try {
    return readlinkSync(`/proc/${pid}/${file}`)
  } catch {
    return ''
  }
}
