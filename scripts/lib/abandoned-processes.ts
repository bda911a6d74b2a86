import { readdirSync, readFileSync } from 'node:fs'
import { isAbandoned } from './temporary-directory.ts'

/** How a process shows which directory it belongs to. */
export interface Mark {
  /** `environ`: its environment; `cmdline`: its arguments. */
  in: 'environ' | 'cmdline'
  /** What is before the directory, and behind it. */
  before: string
  after: string
}

/**
 * Ends the processes, with their groups, that belong to an abandoned directory (`isAbandoned`): their maker and what watched over
 * them were killed. Also where the directory is gone. Only where the system shows its processes in /proc.
 * @param name of the directory
 */
export function endAbandoned(name: string, mark: Mark): void {
  for (const pid of numbers('/proc')) {
    const entries = read(`/proc/${pid}/${mark.in}`).split('\0')
    const entry = entries.find((one) => one.startsWith(mark.before) && one.endsWith(mark.after))
    const directory = entry?.slice(mark.before.length, entry.length - mark.after.length)
    if (directory && isAbandoned(directory, name)) kill(pid)
  }
}

/** What serves is started as the leader of a group, in which its helpers are. */
function kill(pid: number): void {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, 'SIGKILL')
    } catch {
      // it is no leader, or has ended
    }
  }
}

function numbers(directory: string): number[] {
  try {
    return readdirSync(directory).map(Number).filter(Boolean)
  } catch {
    return []
  }
}

/** Empty for a process of somebody else. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
