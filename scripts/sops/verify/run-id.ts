import { createHash, randomBytes } from 'node:crypto'
import { readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** The id of this run. It stands in the test Secret, so that a later run can tell whether this one is still alive. */
export function makeRunId(deadline: number): string {
  return [randomBytes(4).toString('hex'), hostId(), process.pid, Math.ceil(deadline / 1000)].join('.')
}

/**
 * Whether the run with this id may still be at work: its time is not over and, where it is of this machine, its process lives.
 */
export function isAlive(runId: string): boolean {
  const [, where, pid, deadline] = runId.split('.')
  if (Date.now() / 1000 > Number(deadline)) return false
  return where !== hostId() || isProcess(Number(pid))
}

/** Whether a process with this id lives, whoever's it is. */
export function isProcess(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/**
 * Tells machines apart, and containers on one, for a process id means something in one of them only. It gets into a commit that
 * others read, so it does not name the machine.
 */
export function hostId(): string {
  return createHash('sha256').update(`${hostname()} ${processNamespace()}`).digest('hex').slice(0, 8)
}

/** Empty where the system has no such thing. */
function processNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return ''
  }
}
