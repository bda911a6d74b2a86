import { setTimeout as sleep } from 'node:timers/promises'
import { type Finding, finding } from '../../../findings/finding.ts'
import type { Caller } from '../../../lib/caller.ts'
import { CommandError, UserError } from '../../../lib/errors.ts'
import { shortCommit } from '../../../lib/git/git.ts'
import { type BranchSecret, nameOnBranch, publishRemoval } from '../branch/branch-secret.ts'
import { brokenOff, PushError } from '../branch/push.ts'

/** How long a server may still be busy with a push whose end was not seen, in ms. */
const lateLimit = 20_000

/** How often the branch is looked at meanwhile, in ms. */
const lateInterval = 1_000

/** How long a removal is tried again and again, in ms. */
const removalLimit = 120_000

/** How long is waited before the next try, in ms. */
const retryInterval = 2_000

/** What came of the removal. */
export interface CleanedBranch {
  /** The tip of the branch, which is without the test Secret; `undefined` where that is still on it. */
  tip: string | undefined
  /** Whether this removal found the test Secret there. */
  wasThere: boolean
}

/**
 * Takes the test Secret of a run off the branch. Says what it did.
 * @param isUnsure the end of the only push was not seen, so the server may still take it
 * @param findings is told of what is left
 */
export async function cleanBranch(
  onBranch: BranchSecret,
  { isUnsure, findings, caller }: { isUnsure: boolean; findings: Finding[]; caller: Caller },
): Promise<CleanedBranch> {
  const { branch, place } = onBranch
  const until = Date.now() + removalLimit
  let tip: string | undefined
  const remove = async () => {
    tip = await branch.refresh()
    return publishRemoval(onBranch, caller, until)
  }
  caller.status(`removing the test Secret from ${branch.name} again`)
  try {
    let commit = await persist(remove, until)
    for (let left = isUnsure ? lateLimit : 0; !commit && left > 0; left -= lateInterval) {
      caller.status(`the push was broken off: waiting whether ${branch.name} gets it all the same`)
      await sleep(lateInterval)
      commit = await persist(remove, until)
    }
    const late = isUnsure ? `, ${lateLimit / 1000} s after the push was broken off` : ''
    caller.say(
      commit
        ? `the test Secret was removed from ${branch.name} again (${shortCommit(commit)})`
        : `nothing of this run is on ${branch.name}${late}`,
    )
    return { tip: commit ?? tip, wasThere: commit !== undefined }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    const object = `${branch.name}: ${nameOnBranch(place)}`
    findings.push(finding('not-cleaned-up', { object }, { reason: error.message }))
    return { tip: undefined, wasThere: true }
  } finally {
    caller.status(undefined)
  }
}

/**
 * Does it until it is done or the time is over: a terminal's Ctrl-C also ends the git that we are waiting for, and impatient
 * people press it again; and a server can be away for a moment.
 */
async function persist<T>(work: () => Promise<T>, until: number): Promise<T> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      const isSignal = error instanceof CommandError && (error.code ?? 0) > 128
      if (Date.now() > until || !(isSignal || mayPass(error))) throw error
      if (!isSignal) await sleep(retryInterval)
    }
  }
}

/** Whether another try may have another end: no answer of the server. */
function mayPass(error: unknown): boolean {
  if (error instanceof PushError) return error.mayPass
  return error instanceof CommandError && (error.code === null || brokenOff.test(error.stderr))
}
