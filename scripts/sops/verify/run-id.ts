import { randomBytes } from 'node:crypto'
import { isGone, ownerId } from '../../lib/owner.ts'

/**
 * Makes the id of this run. The test Secret carries it, so that a later run can tell whether this one is still at work.
 * @param deadline when this run will have ended at the latest, in ms since the epoch
 * @returns a random part, who runs it (`ownerId`) and the deadline in s, with dots between them
 */
export function makeRunId(deadline: number): string {
  return [randomBytes(4).toString('hex'), ownerId(), Math.ceil(deadline / 1000)].join('.')
}

/** Whether the run with this id may still be at work: its time is not over, and its process is not known to have ended. */
export function isAtWork(runId: string): boolean {
  const [, owner = '', deadline] = runId.split('.')
  return Date.now() / 1000 <= Number(deadline) && !isGone(owner)
}
