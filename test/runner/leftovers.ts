import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Process {
  pid: number
  command: string
}

/**
 * The processes that a worker's tests started and that still run: its descendants, and others that have its temporary
 * directory in their arguments, environment or working directory (their parent may be gone). What is about to end gets
 * two seconds. Reads /proc, so it finds nothing on a system without.
 */
export async function processesOf(worker: number, temporary: string): Promise<Process[]> {
  for (let patience = 40; ; patience--) {
    const found = list().filter((one) => one.pid !== worker && one.belongsTo(worker, temporary))
    if (found.length === 0 || patience === 0) return found.map(({ pid, command }) => ({ pid, command }))
    await sleep(50)
  }
}

/** Ends processes for good and waits until they are gone. */
export async function endProcesses(processes: readonly Process[]): Promise<void> {
  for (const { pid } of processes) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // it has just ended by itself
    }
  }
  while (list().some(({ pid }) => processes.some((one) => one.pid === pid))) await sleep(20)
}

function list() {
  const parents = new Map<number, number>()
  const isBelow = (pid: number, above: number): boolean => {
    const parent = parents.get(pid)
    return parent !== undefined && (parent === above || isBelow(parent, above))
  }
  const processes = []
  for (const name of entries('/proc')) {
    if (!/^\d+$/.test(name)) continue
    // pid (program) state parent …; the program may hold blanks and brackets
    const [state, parent] = read(`/proc/${name}/stat`)
      .replace(/^.*\) /s, '')
      .split(' ')
    if (!parent || state === 'Z') continue
    const pid = Number(name)
    parents.set(pid, Number(parent))
    const command = read(`/proc/${name}/cmdline`).replaceAll('\0', ' ').trim()
    processes.push({
      pid,
      command,
      belongsTo: (worker: number, temporary: string) =>
        isBelow(pid, worker) ||
        [command, read(`/proc/${name}/environ`), workingDirectory(name)].some((text) =>
          text.includes(temporary),
        ),
    })
  }
  return processes
}

function entries(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function workingDirectory(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return ''
  }
}
