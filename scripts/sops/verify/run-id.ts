import { randomBytes } from 'node:crypto'
import { isGone, ownerId, whereIs } from '../../lib/owner.ts'

/** What others can tell of a run by its id. */
export interface RunFacts {
  /** Whether it runs on this machine, and in this container; else `machine` is all that is known of where. */
  isHere: boolean
  /** An id that does not name it. */
  machine: string
  process: string
  /** When it began, and when it will have ended at the latest: ISO 8601. `undefined` where the id does not say it. */
  since: string | undefined
  until: string | undefined
}

/**
 * Makes the id of this run. The test Secret carries it, so that a later run can tell whether this one is still at work.
 * @param deadline when this run will have ended at the latest, in ms since the epoch
 * @returns a random part, who runs it (`ownerId`), the deadline and the beginning in s, with dots between them
 */
export function makeRunId(deadline: number): string {
  const times = [Math.ceil(deadline / 1000), Math.floor(Date.now() / 1000)]
  return [randomBytes(4).toString('hex'), ownerId(), ...times].join('.')
}

/** Whether the run with this id may still be at work: its time is not over, and its process is not known to have ended. */
export function isAtWork(runId: string): boolean {
  const [, owner = '', deadline] = runId.split('.')
  return Date.now() / 1000 <= Number(deadline) && !isGone(owner)
}

/** What the id of a run says. */
export function describeRun(runId: string): RunFacts {
  const [, owner = '', deadline, start] = runId.split('.')
  const [machine = '', process = ''] = owner.split('-')
  return {
    isHere: whereIs(owner) === 'here',
    machine,
    process,
    since: timeOf(start),
    until: timeOf(deadline),
  }
}

function timeOf(seconds: string | undefined): string | undefined {
  return seconds && /^\d{1,11}$/.test(seconds)
    ? new Date(Number(seconds) * 1000).toISOString().replace('.000', '')
    : undefined
}
