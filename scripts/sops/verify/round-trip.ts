import { finding } from '../../findings/finding.ts'
import { idOf } from '../../lib/cluster/flux-objects.ts'
import { shortCommit } from '../../lib/git/git.ts'
import { listRecipients } from '../../lib/sops/recipients.ts'
import { createMessage } from '../test-secret/commit.ts'
import { nameOnBranch, publishRemoval } from './branch/branch-secret.ts'
import { findOtherBuilders, type OtherBuilder } from './checks/other-builders.ts'
import { notChecked } from './findings/verdict.ts'
import type { Prepared } from './prepare-secret.ts'
import type { Progress, Session } from './session.ts'
import { waitForApply } from './wait/apply.ts'
import { waitForOthers } from './wait/others.ts'
import { followInventory } from './wait/place.ts'
import { hasArrived, hasLeft, requireOneWriter, waitForPruning, waitForValue } from './wait/secret.ts'
import { waitForSource } from './wait/source.ts'

/**
 * The stages behind the checks: the test Secret is pushed, applied, compared, removed and pruned.
 * @param progress is told of what is pushed
 * @throws Verdict or another UserError where a stage fails
 */
export async function makeRoundTrip(
  { stages, options, deadline }: Session,
  { onBranch, write, watching }: Prepared,
  progress: Progress,
): Promise<void> {
  const { branch, place } = onBranch
  const { target } = watching
  const kustomization = `kustomization ${idOf(target.kustomization)}`
  const source = `gitrepository ${idOf(target.source)}`
  const shown = () => `secret ${watching.secret.namespace}/${watching.secret.name}`

  const created = await stages.run(
    'create',
    `pushing an encrypted Secret to ${branch.name}`,
    async () => {
      const commit = await branch.publish(write, createMessage(place.name), deadline)
      progress.created = commit
      return commit
    },
    (commit) =>
      `pushed ${shortCommit(commit)} to ${branch.name}: an encrypted Secret in ${nameOnBranch(place)}${options.recipients ? `, to ${listRecipients(options.recipients)} alone` : ''}`,
  )
  let others: readonly OtherBuilder[] = []
  await stages.run(
    'source',
    'waiting for the source',
    async () => {
      const fetched = waitForSource(watching, created)
      // while the source fetches: it reads files
      const looked = Promise.resolve().then(() => findOtherBuilders(target, place))
      const [found] = await Promise.all([looked, fetched])
      others = found
    },
    () => `${source} has fetched ${shortCommit(created)}`,
  )
  await stages.run(
    'applied',
    `waiting for ${kustomization}`,
    () => waitForApply(watching, created, () => hasArrived(watching)),
    () => `${kustomization} has applied ${shortCommit(created)}`,
  )
  await stages.run(
    'value',
    'comparing the value',
    async () => {
      progress.secret = await followInventory(watching)
      await waitForOthers(watching, others, created)
      requireOneWriter(watching, others)
      progress.seen = await waitForValue(watching)
    },
    () => `${shown()} in the cluster has the value that was encrypted`,
  )
  const removed = await stages.run(
    'remove',
    `pushing the removal to ${branch.name}`,
    async () => {
      const commit = await publishRemoval(onBranch, options.caller, deadline)
      if (!commit) {
        const object = `${branch.name}: ${nameOnBranch(place)}`
        throw notChecked(finding('removed-by-others', { object }, {}))
      }
      progress.removed = commit
      return commit
    },
    (commit) => `pushed ${shortCommit(commit)} to ${branch.name}: the Secret is removed`,
  )
  await stages.run(
    'removal-applied',
    `waiting for ${kustomization}`,
    async () => {
      await waitForSource(watching, removed)
      await waitForApply(watching, removed, () => hasLeft(watching))
    },
    () => `${kustomization} has applied ${shortCommit(removed)}`,
  )
  await stages.run(
    'pruned',
    'waiting for the Secret to be pruned',
    async () => {
      await waitForPruning(watching)
      await waitForOthers(watching, others, removed)
      requireOneWriter(watching, others)
    },
    () => `${shown()} is gone from the cluster and from the inventory`,
  )
}
