import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

export interface Process {
  pid: number
  command: string
}

/**
 * The processes below `pid` that run, and those with `place` in their arguments, environment or working directory, for their
 * parent may be gone. What is about to end gets two seconds, in which nothing else happens in this process. Reads /proc, so
 * it finds nothing on a system without.
 * @param place the path of a directory that nobody else knows
 */
export function leftovers(pid: number, place: string): Process[] {
  for (let tries = 40; ; tries--) {
    const found = find(pid, place)
    if (found.length === 0 || tries === 0) return found
    pause(50)
  }
}

/** Ends what `leftovers` finds for good, and waits until it is gone. */
export function endLeftovers(pid: number, place: string): Process[] {
  const found = leftovers(pid, place)
  for (const one of found) attempt(() => process.kill(one.pid, 'SIGKILL'), false)
  while (found.some((one) => stateOf(one.pid).runs)) pause(20)
  return found
}

function find(pid: number, place: string): Process[] {
  const isBelow = (one: number): boolean => {
    const { parent } = stateOf(one)
    return parent === pid || (parent > 1 && isBelow(parent))
  }
  const names = attempt(() => readdirSync('/proc'), []).filter((name) => Number(name) > 0)
  return names.flatMap((name) => {
    const one = Number(name)
    if (one === pid || one === process.pid || !stateOf(one).runs) return []
    const [command, environment] = ['cmdline', 'environ'].map((file) => read(`${name}/${file}`))
    const directory = attempt(() => readlinkSync(`/proc/${name}/cwd`), '')
    const isOurs = `${command}\0${environment}\0${directory}`.includes(place) || isBelow(one)
    return isOurs ? [{ pid: one, command: command!.replaceAll('\0', ' ').trim() }] : []
  })
}

/** One that has ended and waits for its parent to notice does not run. */
function stateOf(pid: number): { runs: boolean; parent: number } {
  // pid (program) state parent …; the program may hold blanks and brackets
  const [state = '', parent] = read(`${pid}/stat`)
    .replace(/^.*\) /s, '')
    .split(' ')
  return { runs: state !== '' && state !== 'Z', parent: Number(parent ?? 0) }
}

function read(file: string): string {
  return attempt(() => readFileSync(`/proc/${file}`, 'utf8'), '')
}

function attempt<T>(work: () => T, otherwise: T): T {
  try {
    return work()
  } catch {
    return otherwise
  }
}

function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}
