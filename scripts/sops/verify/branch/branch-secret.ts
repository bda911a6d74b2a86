import { relative } from 'node:path'
import { finding } from '../../../findings/finding.ts'
import type { Caller } from '../../../lib/caller.ts'
import { removeMessage } from '../../test-secret/commit.ts'
import { findTestSecret } from '../../test-secret/found.ts'
import { directoryOf, type Place } from '../../test-secret/place.ts'
import { removeTestSecret } from '../../test-secret/test-secret.ts'
import { alreadyRunning } from '../findings/branch.ts'
import { notChecked } from '../findings/verdict.ts'
import { describeRun, isAtWork } from '../run-id.ts'
import type { Branch } from './branch.ts'

/** The name of the test Secret of `sops:verify`, and of its directory. */
export const testName = 'sops-test'

/** The test Secret of one run on the branch. */
export interface BranchSecret {
  branch: Branch
  /** Where it is in the worktree of `branch`. */
  place: Place
  /** The id of the run, which the Secret carries. */
  run: string
}

/** How the directory of a test Secret is called for people, who see the branch and not our worktree: from the root. */
export function nameOnBranch(place: Place): string {
  return relative(place.root, directoryOf(place))
}

/**
 * Looks at the tip of the branch for a test Secret of an earlier run, and removes what a killed one has left.
 * @param options `takeOver`: also that of a run which may be at work; `until`: as of `Branch.publish`
 * @throws as `findLeftover`, and as `publishRemoval`
 */
export async function removeLeftover(
  branch: Branch,
  place: Place,
  { caller, takeOver, until }: { caller: Caller; takeOver: boolean; until: number },
): Promise<void> {
  const run = findLeftover(place, takeOver)
  if (!run) return
  await publishRemoval({ branch, place, run }, caller, until)
  const whose = isAtWork(run)
    ? 'of another sops:verify'
    : 'that an earlier sops:verify, which was killed, had left'
  caller.note(`removed the test Secret ${whose} on the branch: ${nameOnBranch(place)}`)
}

/**
 * Looks for what a killed run has left in the worktree.
 * @param takeOver a run that may be at work counts as killed
 * @returns its id; `undefined` where nothing is there
 * @throws Verdict where another run is at work, `sops:test-create` made one that is the user's to remove, or something else is
 *   there
 */
export function findLeftover(place: Place, takeOver = false): string | undefined {
  const found = findTestSecret(place)
  if (!found) return undefined
  const object = nameOnBranch(place)
  if (!found.ours) throw notChecked(finding('name-taken', { object }, {}))
  if (!found.run) throw notChecked(finding('test-secret-there', { object }, {}))
  if (isAtWork(found.run) && !takeOver) throw notChecked(alreadyRunning(object, describeRun(found.run)))
  return found.run
}

/**
 * Removes the test Secret of one run from the branch; that of another run, which may be at work, is left alone.
 * @param until as of `Branch.publish`
 * @returns the commit; `undefined` where it was not there
 * @throws CommandError with what git, a hook or the server said; UserError where it cannot be removed
 */
export async function publishRemoval(
  { branch, place, run }: BranchSecret,
  { env, signal, note }: Pick<Caller, 'env' | 'signal' | 'note'>,
  until: number,
): Promise<string | undefined> {
  const edit = async () => {
    if (findTestSecret(place)?.run !== run) return undefined
    return (await removeTestSecret(place, { cwd: place.root, env, signal, note })).files
  }
  return branch.publish(edit, removeMessage(place.name), until)
}
