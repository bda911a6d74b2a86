import type { Report } from '../../../lib/caller.ts'
import { exit } from '../../../lib/errors.ts'
import { withdraw } from '../clusters/withdraw.ts'
import { nextStays } from '../key/next.ts'
import { refuseFor, sayFinding } from '../refusal.ts'
import { againCommand } from '../reports/next-hints.ts'
import { putBackHint } from '../reports/put-back.ts'
import { recipientRows } from '../reports/report.ts'
import { recipientsAsJson, statesAsJson } from '../reports/states-json.ts'
import { judgeOptions, type RotationRun, readClustersAgain, readStandAgain } from '../run.ts'
import { withGitKeys, withoutGitKeys, withoutOne } from './git-keys.ts'
import { planUnshare } from './plan-edits.ts'
import { commitSubjects } from './write-edits.ts'
import { writeStage, writtenAsText } from './write-stage.ts'

/**
 * Goes back to the old key: the new recipient out of files and rules, and its identity out of the clusters, where every file still
 * lists the old one. Behind the cut-over the way back is a rotation the other way round.
 * @throws UserError (exit 1) where a file needs the new identity; (exit 2) where a cluster was not seen, when the files are done
 */
export async function abortRotation(run: RotationRun): Promise<Report> {
  const { options, rotation, log, stand } = run
  const { tree, head, tip } = stand.standing
  const isCutOver = [tree, head, tip].some((counts) => counts !== undefined && counts.newOnly > 0)
  if (isCutOver) return otherWayRound(run)
  const since = performance.now()
  const { survey, states } = stand
  const unshared = await planUnshare({ places: survey.places, states }, rotation.next)
  const planned = await withGitKeys(stand, unshared, withoutOne(rotation.next))
  const written = await writeStage(run, planned, commitSubjects.abort)
  if (written) log.tell('share', 'done', `the new public key out of ${writtenAsText(written)}`, since)
  if (!options.dryRun && survey.clusters.length > 0) await takeOutOfClusters(run)
  run.stand = await readStandAgain(run, await readClustersAgain(run))
  // the new identity may be in a cluster that is not seen
  if (survey.clusterError) throw survey.clusterError
  const stays = nextStays(survey.ring, rotation.next, survey.repository.root)
  if (stays) sayFinding(stays, run)
  const isLeft = run.stand.standing.tip !== undefined && run.stand.standing.tip.both > 0
  return {
    exitCode: exit.done,
    lines: [written || isLeft ? 'aborted' : 'unchanged', ...recipientRows(rotation)],
    hints: [
      ...(written && !written.commit ? [{ text: 'commit it, and push it', lines: [] }] : []),
      ...(written?.commit || (!written && isLeft) ? [{ text: 'push it:', lines: ['git push'] }] : []),
    ],
    json: {
      result: 'aborted',
      ...recipientsAsJson(rotation),
      stages: log.all(),
      ...statesAsJson(run.stand, rotation),
    },
  }
}

async function takeOutOfClusters(run: RotationRun): Promise<void> {
  const { rotation, options, log } = run
  const { survey, gitKeys } = run.stand
  const since = performance.now()
  const { changes, findings } = await withdraw(
    withoutGitKeys(survey.clusters, gitKeys),
    rotation,
    judgeOptions(survey, options),
  )
  refuseFor(
    findings.map(({ finding }) => finding),
    run,
  )
  const names = changes.map(({ context, id }) => `${id.namespace}/${id.name} (${context})`)
  if (names.length > 0) log.tell('distribute', 'done', `the new identity out of ${names.join(', ')}`, since)
}

/** New data keys were made, so the old recipient gets them as the new one did. */
function otherWayRound(run: RotationRun): Report {
  const { rotation, stand, options } = run
  const isUncommitted = stand.standing.head.newOnly === 0
  const back = againCommand({ ...options, old: rotation.next, next: rotation.old, abort: false })
  return {
    exitCode: exit.no,
    lines: [
      isUncommitted
        ? 'the cut-over is in the working tree alone'
        : 'files are encrypted to the new public key alone: the way back is a rotation the other way round',
      ...recipientRows(rotation),
    ],
    hints: isUncommitted ? [putBackHint(run)] : [{ text: 'with the old identity at hand:', lines: [back] }],
    json: { result: 'refused', ...recipientsAsJson(rotation), ...statesAsJson(stand, rotation) },
  }
}
