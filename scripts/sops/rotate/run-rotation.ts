import { finding } from '../../findings/finding.ts'
import type { Report } from '../../lib/caller.ts'
import type { Cluster } from '../../lib/cluster/kubectl.ts'
import { exit, UserError } from '../../lib/errors.ts'
import type { Repository } from '../../lib/git/git.ts'
import { shortRecipient } from '../../lib/sops/recipients.ts'
import { chooseNextKey, readRotation, recipientsRotating } from './begin.ts'
import type { RotateOptions } from './options.ts'
import { refuseFor, rotationRefusal, sayFinding } from './refusal.ts'
import { sayExposed, withExposed } from './reports/compromised.ts'
import { reportDrift } from './reports/drift.ts'
import { againCommand } from './reports/next-hints.ts'
import { recipientRows, reportRotation, reportStatus } from './reports/report.ts'
import { makeStageLog } from './reports/stage-log.ts'
import { recipientsAsJson } from './reports/states-json.ts'
import type { Rotation } from './rotation.ts'
import { type RotationRun, readStand, unprovedUsers, unseenKeys } from './run.ts'
import { abortRotation } from './stages/abort.ts'
import { advanceRotation } from './stages/advance.ts'
import { removeRecipient } from './stages/remove.ts'
import { nextStep, type Standing } from './standing.ts'
import { readSurvey, type Survey } from './survey.ts'

/** Reads what there is, and does what the user wants of a rotation. */
export async function runRotation(
  repository: Repository,
  clusters: readonly Cluster[],
  options: RotateOptions,
): Promise<Report> {
  const { caller } = options
  caller.status(clusters.length > 0 ? 'reading the repository and the clusters' : 'reading the repository')
  const opened = await contextsOf(clusters, caller.signal)
  const survey = await readSurvey(repository, opened, options).finally(() => caller.status(undefined))
  for (const { context } of survey.clusters) caller.note(`context ${context}`)
  for (const trouble of survey.ring.troubles)
    caller.note(`warning: ${trouble.object ?? trouble.file}: not used`)
  if (survey.clusterError) caller.note(`warning: the clusters are not asked: ${survey.clusterError.message}`)
  const { assumed } = survey.places
  if (options.status && assumed) sayFinding(assumed, { options, stand: { survey } })
  // what its rules name would be taken for named nowhere
  const notUtf8 = survey.places.unread.filter(({ code }) => code === 'rules-not-utf-8')
  refuseFor(notUtf8, { options, stand: { survey } }, exit.notDone)
  if (options.remove) {
    const removed = await removeRecipient(survey, options)
    return options.compromised ? withExposed(removed, repository, options.old ?? '', options) : removed
  }
  const run = await openRun(survey, options)
  if ('report' in run) return run.report
  for (const found of [...run.stand.gitKeys.notes, ...survey.clusters.flatMap(({ notes }) => notes)])
    sayFinding(found, run)
  // what goes on meets them where it needs to know
  if (options.abort || options.status)
    for (const found of unprovedUsers(run.stand.judgements)) sayFinding(found, run)
  if (options.abort) return abortRotation(run)
  if (options.status) return reportStatus(run, nextStep(run.stand.standing))
  const end = await advanceRotation(run).catch(async (error: unknown) => {
    // what has to be changed at its source does not wait for the rotation
    if (options.compromised && error instanceof UserError)
      await sayExposed(repository, run.rotation.old, options)
    throw error
  })
  const report = await reportRotation(run, end)
  return options.compromised ? withExposed(report, repository, run.rotation.old, options) : report
}

/** @returns the report where there is nothing to rotate */
async function openRun(survey: Survey, options: RotateOptions): Promise<RotationRun | { report: Report }> {
  const asked = { options, stand: { survey } }
  const derived = await readRotation(survey, options)
  if ('findings' in derived) {
    const isBlind = options.noCluster && survey.ring.identities.length === 0
    if (options.status && isBlind) return { report: await reportDrift(survey, options) }
    throw rotationRefusal(derived.findings, asked, exit.notDone)
  }
  const { ended } = derived
  // a cluster that is not seen may still have the old identity
  if (ended && survey.clusterError) throw survey.clusterError
  const isAsked = options.old !== undefined || options.next !== undefined || options.newKey !== undefined
  const endedStand = ended && !isAsked ? await readStand(survey, ended, options) : undefined
  const kept = endedStand && hasKeptDataKey(endedStand.standing) ? endedStand : undefined
  if (ended && endedStand && !options.abort && !kept) {
    const unproved = unprovedUsers(endedStand.judgements)
    // the key of a controller that is not seen may still be the old one
    const isUnseen = unproved.length === unseenKeys(endedStand.judgements).length
    refuseFor(unproved, asked, isUnseen ? exit.notDone : exit.no)
    return { report: await nothingOpen(ended, survey, options) }
  }
  const isOfEnded = kept !== undefined || (options.abort && options.next === undefined)
  const begun = ended && isOfEnded ? ended : { old: derived.old, next: derived.next }
  const { old } = begun
  // a rotation that was given up leaves its trailers, and its identity at hand
  const isOpen = begun.next !== undefined && recipientsRotating(survey).has(begun.next)
  if ((options.status || options.abort) && !isOpen) {
    // what is written and not committed may be a rotation whose identity somebody else keeps
    if (survey.places.dirty.length > 0) refuseFor(derived.unsure, asked, exit.notDone)
    return { report: { exitCode: exit.done, lines: ['no rotation is open'], json: { result: 'done', old } } }
  }
  const next = await chooseNextKey(survey, { ...derived, ...begun }, options)
  const recipient = 'next' in next ? next.next.identity.recipient : begun.next
  if (recipient === undefined) throw rotationRefusal('refusals' in next ? next.refusals : [], asked)
  const rotation = { old, next: recipient }
  const stand = kept ?? (await readStand(survey, rotation, options))
  if ('next' in next && next.next.isNew && isNamedNowhere(stand.standing)) throw unknownOld(asked)
  return { options, rotation, next, log: makeStageLog(options.caller), stand }
}

/** Whether a file that lists the new recipient alone has a data key that the old identity could open. */
function hasKeptDataKey({ tree, head, tip }: Standing): boolean {
  return [tree, head, tip].some((counts) => counts !== undefined && counts.reWrapped > 0)
}

/** Whether there is nothing that a new key could take the place of. */
function isNamedNowhere({ tree, head, tip, clusters, inGit }: Standing): boolean {
  const named = [tree, head, tip].some((counts) => counts && counts.oldOnly + counts.both > 0)
  return !named && !clusters?.old && !clusters?.both && inGit.lacking + inGit.both === 0
}

function unknownOld(asked: { options: RotateOptions; stand: { survey: Survey } }) {
  const facts = { recipient: shortRecipient(asked.options.old ?? '') }
  return rotationRefusal([finding('old-named-nowhere', { object: '--old' }, facts)], asked)
}

async function nothingOpen(ended: Rotation, { repository }: Survey, options: RotateOptions): Promise<Report> {
  const { compromised } = options
  const next = againCommand({ ...options, old: ended.next, commit: true })
  const report: Report = {
    exitCode: exit.done,
    lines: ['no rotation is open: the last one is complete', ...recipientRows(ended)],
    hints: compromised ? [] : [{ text: 'the next one begins with:', lines: [next] }],
    json: { result: 'done', ...recipientsAsJson(ended) },
  }
  return compromised ? withExposed(report, repository, ended.old, options) : report
}

/** @returns the clusters with the names of their contexts, or why there is none */
async function contextsOf(clusters: readonly Cluster[], signal: AbortSignal) {
  try {
    return await Promise.all(clusters.map(async (cluster) => ({ cluster, context: await cluster.context })))
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof UserError) return error
    throw error
  }
}
