import { createHash, randomBytes } from 'node:crypto'
import { hostname } from 'node:os'

/** The id of this run. It stands in the test Secret, so that a later run can tell whether this one is still alive. */
export function makeRunId(deadline: number): string {
  return [randomBytes(4).toString('hex'), host(), process.pid, Math.ceil(deadline / 1000)].join('.')
}

/** Whether the run with this id may still be at work: its process lives, or, on another machine, its time is not over. */
export function isAlive(runId: string): boolean {
  const [, where, pid, deadline] = runId.split('.')
  if (where !== host()) return Date.now() / 1000 < Number(deadline)
  return isProcess(Number(pid))
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

/** The id gets into a commit that others read: it must not name the machine. */
function host(): string {
  return createHash('sha256').update(hostname()).digest('hex').slice(0, 8)
}
