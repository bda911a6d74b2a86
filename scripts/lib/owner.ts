import { createHash } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/**
 * Says who made a thing that others may find later: `<machine>-<process>`. It does not name the machine, for it can get into
 * a commit that others read.
 */
export function ownerId(pid = process.pid): string {
  return `${machineId()}-${pid}`
}

/**
 * Whether the process behind an `ownerId` is known to have ended. Of another machine or container, and of a text that is no
 * `ownerId`, that cannot be known.
 */
export function isGone(owner: string): boolean {
  return whereIs(owner) === 'here' && !isProcess(Number(owner.split('-')[1]))
}

/** Where the maker of an `ownerId` runs or ran: on this machine and in this container, or elsewhere. */
export function whereIs(owner: string): 'here' | 'elsewhere' {
  const [, machine] = /^([0-9a-f]{8})-([1-9]\d*)$/.exec(owner) ?? []
  return machine === machineId() ? 'here' : 'elsewhere'
}

/** Whether a process with this id lives, whoever's it is. One that has ended and waits for its parent to notice does not. */
function isProcess(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
  return !hasEnded(pid)
}

/** False where the system does not tell. */
function hasEnded(pid: number): boolean {
  try {
    // pid (program) state …; the program may hold brackets
    return /^.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

/** Tells machines apart, and containers on one, for a process id means something in one of them only. */
function machineId(): string {
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
