import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Started } from './program.ts'

/** Whether the process runs; one that has ended and waits for its parent does not. */
export function isRunning(pid: number): boolean {
  return listProcesses().some((one) => one.pid === pid)
}

/** The processes of this machine that run. */
export function listProcesses(): { pid: number; parent: number; command: string }[] {
  const lines = execFileSync('ps', ['-A', '-ww', '-o', 'pid=,ppid=,stat=,args='], { encoding: 'utf8' }).split(
    '\n',
  )
  return lines.flatMap((line) => {
    const [, pid, parent, state, command] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? []
    return pid && command && !state?.startsWith('Z')
      ? { pid: Number(pid), parent: Number(parent), command }
      : []
  })
}

/**
 * What this process and the programs that it has waited for have had of the processors so far, in seconds: a bound for it holds
 * whatever else the machine does. From /proc (proc_pid_stat(5)), where Linux counts in hundredths.
 */
export function processorTime(): number {
  // pid (program) state …; the program may hold blanks and brackets
  const fields = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
  // utime, stime, cutime and cstime
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / 100
}

/** How long a machine that is slow and busy may take for anything that a test waits for, in seconds. */
const patience = 300

/**
 * Waits until `condition` holds.
 * @param program the one that brings it about
 * @throws where that takes longer than a slow machine needs, or the program has ended without it
 */
export async function until(what: string, condition: () => unknown, program?: Started): Promise<void> {
  const deadline = Date.now() + patience * 1000
  for (;;) {
    const hasEnded = program && (program.child.exitCode ?? program.child.signalCode) !== null
    if (await condition()) return
    if (hasEnded) throw new Error(`the program has ended before: ${what}\n${(await program.ended).stderr}`)
    if (Date.now() > deadline) throw new Error(`not within ${patience} s: ${what}`)
    await sleep(20)
  }
}
