import { relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CommandError, UserError } from '../../lib/errors.ts'
import type { TestSecretCaller } from '../test-secret/checks.ts'
import { findTestSecret } from '../test-secret/found.ts'
import type { Place } from '../test-secret/place.ts'
import { removeTestSecret } from '../test-secret/test-secret.ts'
import type { Branch } from './branch/branch.ts'
import { unknown } from './findings/finding.ts'
import { isAtWork } from './run-id.ts'
import { removeMessage, type Trip, testName, whereOf } from './session.ts'

/** How long a server may still be busy with a push whose end we did not see, and how often it is looked at, in ms. */
const afterthought = 20_000
const lookAgain = 1_000

/**
 * Looks at the tip of the branch for a test Secret of an earlier run, and removes what a killed one has left.
 * @throws Verdict where another run is at work, or `sops:test-create` made one that is the user's to remove
 */
export async function removeLeftovers({ options }: Trip, branch: Branch, place: Place): Promise<void> {
  const left = leftoverAt(place)
  if (!left) return
  await publishRemoval(branch, place, left, options.caller)
  options.caller.note(
    `removed what an earlier sops:verify, which was killed, had left on the branch: ${relative(place.root, place.path)}/${testName}`,
  )
}

/**
 * @returns the id of a dead run whose test Secret is there; `undefined` where nothing is
 * @throws Verdict where something else is there
 */
export function leftoverAt(place: Place): string | undefined {
  const found = findTestSecret(place)
  if (!found) return undefined
  const object = `${relative(place.root, place.path)}/${testName}`
  if (!found.ours)
    throw unknown('name-taken', object, 'is on the branch, and is not made by these tasks', 'rename it')
  if (!found.run)
    throw unknown(
      'test-secret-there',
      object,
      'is on the branch already, made by sops:test-create',
      '`mise run sops:test-remove --commit`, and push',
    )
  if (isAtWork(found.run))
    throw unknown(
      'already-running',
      object,
      'belongs to another sops:verify that is at work now',
      'wait until it has ended',
    )
  return found.run
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
  caller: TestSecretCaller,
): Promise<string | undefined> {
  const edit = async () =>
    findTestSecret(place)?.run === run
      ? (await removeTestSecret(place, { ...caller, cwd: branch.root })).files
      : []
  return branch.publish(edit, removeMessage)
}

/** A terminal's Ctrl-C ends the git that we are waiting for as well, and impatient people press it again. */
async function inSpiteOfSignals<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 5; ; tries--) {
    try {
      return await work()
    } catch (error) {
      const isSignal = error instanceof CommandError && (error.code ?? 0) > 128
      if (!isSignal || tries === 1) throw error
    }
  }
}

/**
 * Takes the test Secret off the branch after a run that did not come to its end. Says what it did.
 * @returns whether nothing of this run is on the branch
 */
export async function cleanUp(trip: Trip): Promise<boolean> {
  const { branch, target, options, findings, place, run } = trip
  const { caller } = options
  if (!branch || !target || !place || !run || branch.pushes === 0 || trip.removed) return true
  branch.ignoreSignal()
  const where = whereOf(options, target)
  caller.status(`removing the test Secret from ${where} again`)
  try {
    const remove = () =>
      inSpiteOfSignals(async () => {
        await branch.refresh()
        return publishRemoval(branch, place, run, { ...caller, signal: new AbortController().signal })
      })
    let commit = await remove()
    const isUnsure = !trip.created && branch.isUnsure
    for (let left = isUnsure ? afterthought : 0; !commit && left > 0; left -= lookAgain) {
      caller.status(`the push was broken off: waiting whether ${where} gets it all the same`)
      await sleep(lookAgain)
      commit = await remove()
    }
    const late = isUnsure ? `, ${afterthought / 1000} s after the push was broken off` : ''
    caller.say(
      commit
        ? `the test Secret was removed from ${where} again (${commit.slice(0, 7)})`
        : `nothing of this run is on ${where}${late}`,
    )
    return true
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    const object = `${where}: ${relative(place.root, place.path)}/${testName}`
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
