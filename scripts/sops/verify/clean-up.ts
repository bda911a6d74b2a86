import { setTimeout as sleep } from 'node:timers/promises'
import { CommandError, UserError } from '../../lib/errors.ts'
import { shortCommit } from '../../lib/git.ts'
import { type BranchSecret, nameOnBranch, publishRemoval } from './branch/branch-secret.ts'
import type { Progress, Session } from './session.ts'

/** How long a server may still be busy with a push whose end was not seen, in ms. */
const lateLimit = 20_000

/** How often the branch is looked at meanwhile, in ms. */
const lateInterval = 1_000

/** How often a removal that a signal has ended is tried, the first time included. */
const mostTries = 5

/**
 * Takes the test Secret off the branch after a run that did not come to its end. Says what it did.
 * @returns whether nothing of this run is on the branch
 */
export async function cleanUp(
  { options, findings }: Session,
  onBranch: BranchSecret,
  { created, removed }: Progress,
): Promise<boolean> {
  const { branch, place } = onBranch
  if (branch.pushes === 0 || removed) return true
  // nothing ends it any more
  branch.ignoreSignal()
  const caller = { ...options.caller, signal: new AbortController().signal }
  const remove = async () => {
    await branch.refresh()
    return publishRemoval(onBranch, caller)
  }
  caller.status(`removing the test Secret from ${branch.name} again`)
  try {
    let commit = await inSpiteOfSignals(remove)
    const isUnsure = !created && branch.isUnsure
    for (let left = isUnsure ? lateLimit : 0; !commit && left > 0; left -= lateInterval) {
      caller.status(`the push was broken off: waiting whether ${branch.name} gets it all the same`)
      await sleep(lateInterval)
      commit = await inSpiteOfSignals(remove)
    }
    const late = isUnsure ? `, ${lateLimit / 1000} s after the push was broken off` : ''
    caller.say(
      commit
        ? `the test Secret was removed from ${branch.name} again (${shortCommit(commit)})`
        : `nothing of this run is on ${branch.name}${late}`,
    )
    return true
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    const object = `${branch.name}: ${nameOnBranch(place)}`
    findings.push({ code: 'not-cleaned-up', object, facts: { reason: error.message } })
    return false
  } finally {
    caller.status(undefined)
  }
}

/** A terminal's Ctrl-C also ends the git that we are waiting for, and impatient people press it again. */
async function inSpiteOfSignals<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work()
    } catch (error) {
      const isSignal = error instanceof CommandError && (error.code ?? 0) > 128
      if (!isSignal || tries === mostTries) throw error
    }
  }
}
