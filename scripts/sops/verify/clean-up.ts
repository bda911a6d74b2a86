import { setTimeout as sleep } from 'node:timers/promises'
import { UserError } from '../../lib/errors.ts'
import type { Place } from '../test-secret/place.ts'
import { findTestSecret, removeTestSecret } from '../test-secret/test-secret.ts'
import type { Branch } from './branch.ts'
import { unknown } from './finding.ts'
import type { Target } from './preflight.ts'
import { isAlive } from './run-id.ts'
import { removeMessage, type Trip, testName } from './trip.ts'

/** How long a server may still be busy with a push whose end we did not see, in ms. */
const afterthought = 2_000

/**
 * Looks at the tip of the branch for a test Secret of an earlier run, and removes what a killed one has left.
 * @throws Verdict where another run is at work, or `sops:test-create` made one that is the user's to remove
 */
export async function removeLeftovers(
  { options }: Trip,
  branch: Branch,
  { kustomization }: Target,
  place: Place,
): Promise<void> {
  const found = findTestSecret(place)
  if (!found) return
  const object = `${kustomization.spec.path}/${testName}`
  if (!found.ours)
    throw unknown('name-taken', object, 'is on the branch, and is not made by these tasks', 'rename it')
  if (!found.run)
    throw unknown(
      'test-secret-there',
      object,
      'is on the branch already, made by sops:test-create',
      '`mise run sops:test-remove --commit`, and push',
    )
  if (isAlive(found.run))
    throw unknown(
      'already-running',
      object,
      'belongs to another sops:verify that is at work now',
      'wait until it has ended',
    )
  await publishRemoval(branch, place, found.run, options.caller)
  options.caller.note(
    `removed what an earlier sops:verify, which was killed, had left on the branch: ${object}`,
  )
}

/**
 * Removes the test Secret of one run from the branch; that of another run, which may be at work, is left alone.
 * @param run the id of the run that made it
 * @returns the commit; `undefined` where it was not there
 */
export async function publishRemoval(
  branch: Branch,
  place: Place,
  run: string,
  options: { env: NodeJS.ProcessEnv; signal?: AbortSignal },
): Promise<string | undefined> {
  const edit = async () =>
    findTestSecret(place)?.run === run ? (await removeTestSecret(place, options)).files : []
  return branch.publish(edit, removeMessage)
}

/**
 * Takes the test Secret off the branch after a run that did not come to its end. Says what it did.
 * @returns whether nothing of this run is on the branch
 */
export async function cleanUp(trip: Trip): Promise<boolean> {
  const { branch, target, options, findings, place, run } = trip
  const { caller, remote } = options
  if (!branch || !target || !place || !run || branch.pushes === 0 || trip.removed) return true
  branch.ignoreSignal()
  const where = `${remote}/${target.branch}`
  caller.status(`removing the test Secret from ${where} again`)
  try {
    const remove = async () => {
      await branch.refresh()
      return publishRemoval(branch, place, run, { env: caller.env })
    }
    let commit = await remove()
    if (!commit && !trip.created) {
      await sleep(afterthought)
      commit = await remove()
    }
    caller.say(
      commit
        ? `the test Secret was removed from ${where} again (${commit.slice(0, 7)})`
        : `nothing of this run is on ${where}`,
    )
    return true
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    const object = `${where}: ${target.kustomization.spec.path}/${testName}`
    const fix =
      'pull, then `mise run sops:test-remove --commit` and push; the next sops:verify removes it as well'
    findings.push({
      code: 'not-cleaned-up',
      object,
      message: `the test Secret is still on the branch: ${error.message}`,
      fix,
    })
    return false
  } finally {
    caller.status(undefined)
  }
}
