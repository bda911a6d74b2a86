import { finding } from '../../../findings/finding.ts'
import { someOf } from '../../../findings/some-of.ts'
import type { Report } from '../../../lib/caller.ts'
import { exit } from '../../../lib/errors.ts'
import { canDecrypt } from '../../../lib/sops/recipients.ts'
import type { RotateOptions } from '../options.ts'
import { refuseFor } from '../refusal.ts'
import { againCommand } from '../reports/next-hints.ts'
import { recipientRows } from '../reports/report.ts'
import { makeStageLog } from '../reports/stage-log.ts'
import { statesAsJson } from '../reports/states-json.ts'
import { type DepartureRun, readStand, unseenKeys } from '../run.ts'
import type { Survey } from '../survey.ts'
import { planCutOver } from './plan-edits.ts'
import { commitSubjects } from './write-edits.ts'
import { requirePulled, writeStage, writtenAsText } from './write-stage.ts'

/**
 * Takes the public key of somebody who leaves out of all files and rules, with new data keys. No cluster changes.
 * @throws UserError (exit 1) where a cluster decrypts with its identity, nobody else could open a file, or others have pushed what is
 *   not here; (exit 2) where the branch was not seen
 */
export async function removeRecipient(survey: Survey, options: RotateOptions): Promise<Report> {
  const old = options.old ?? ''
  const rotation = { old, next: undefined }
  const stand = await readStand(survey, rotation, options)
  const log = makeStageLog(options.caller)
  const run = { options, rotation, stand }
  requireOthers(run)
  requirePulled(run)
  // a branch of one's own may be at no remote yet
  const unseen = survey.places.unread.filter(({ code }) => code !== 'branch-unset')
  refuseFor(unseen, run, exit.notDone)
  const { repository, places, ring } = survey
  const identities = ring.identities.filter(({ recipient }) => recipient !== old)
  const grounds = { repository, places, states: stand.states, identities }
  const since = performance.now()
  const planned = await planCutOver(grounds, old, {
    rewrap: options.rewrap,
    isLimited: stand.standing.isLimited,
  })
  const written = await writeStage(run, planned, commitSubjects.remove)
  if (written)
    log.tell('cut-over', 'done', `the public key out of ${writtenAsText(written)}, with new data keys`, since)
  const after = written?.commit === undefined ? 'commit it, and push it' : 'push it'
  return {
    exitCode: exit.done,
    lines: [
      written ? 'removed' : 'unchanged: no file and no rule of the working tree names it',
      ...recipientRows(rotation),
    ],
    hints: [
      ...(written ? [{ text: after, lines: [] }] : []),
      {
        text: options.compromised
          ? 'what its identity could open before, it can open for ever'
          : `what its identity could open before, it can open for ever; this lists it:`,
        lines: options.compromised ? [] : [againCommand({ ...options, compromised: true, commit: false })],
      },
    ],
    json: {
      result: written ? 'removed' : 'unchanged',
      old,
      stages: log.all(),
      ...statesAsJson(stand, rotation),
    },
  }
}

/** A recipient whose identity a cluster decrypts with, or may decrypt with, is no person that leaves. */
function requireOthers(run: DepartureRun): void {
  const { survey } = run.stand
  const { old } = run.rotation
  if (survey.clusterError) throw survey.clusterError
  const unseen = unseenKeys(run.stand.judgements)
  const found = survey.clusters.flatMap(({ users, secrets }) =>
    users.flatMap(({ id, secret, files }) => {
      const held = secrets.get(secret ?? '')?.held?.recipients ?? new Set()
      const left = new Set([...held].filter((recipient) => recipient !== old))
      const lost = files.filter(
        ({ documents }) => canDecrypt(documents, held) && !canDecrypt(documents, left),
      )
      const names = someOf([...new Set(lost.map(({ file }) => file))].toSorted(), 3)
      const place = { object: `kustomization ${id}` }
      return lost.length > 0 ? [finding('recipient-needed', place, { id, files: names, recipient: old })] : []
    }),
  )
  refuseFor([...found, ...unseen], run)
}
