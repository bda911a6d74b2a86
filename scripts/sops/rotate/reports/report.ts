import { markFindings } from '../../../findings/fingerprint.ts'
import { asJson } from '../../../findings/render/json.ts'
import type { Report } from '../../../lib/caller.ts'
import { exit } from '../../../lib/errors.ts'
import { rows } from '../../../lib/rows.ts'
import { shortRecipient } from '../../../lib/sops/recipients.ts'
import type { Rotation } from '../rotation.ts'
import type { RotationRun } from '../run.ts'
import type { RunEnd } from '../stages/advance.ts'
import { reachOfCutOver, reachOfShare, type Standing } from '../standing.ts'
import { elsewhereFindings, findKeyElsewhere } from '../state/elsewhere.ts'
import { endHints, nextHints } from './next-hints.ts'
import { recipientsAsJson, statesAsJson } from './states-json.ts'

/** Says what was done, and what comes next. */
export async function reportRotation(run: RotationRun, end: RunEnd): Promise<Report> {
  const { rotation, stand, log } = run
  const { repository, places } = stand.survey
  const isDone = end.step === 'done'
  const elsewhere = await findKeyElsewhere(repository, places, rotation.old)
  const hints = isDone ? endHints(run) : nextHints(run, end)
  return {
    exitCode: exit.done,
    lines: [
      isDone
        ? 'done: nothing is encrypted to the old public key any more, and no cluster has its identity'
        : `waiting: ${end.of} is next`,
      ...recipientRows(rotation),
      ...placesElsewhere(elsewhere.length),
    ],
    hints,
    json: {
      result: isDone ? 'done' : 'waiting',
      ...recipientsAsJson(rotation),
      stage: end.of,
      stages: log.all(),
      ...statesAsJson(stand, rotation),
      elsewhere,
      findings: markFindings(elsewhereFindings(elsewhere, rotation.old)).map(asJson),
      next: hints,
    },
  }
}

function placesElsewhere(count: number): string[] {
  return count === 0
    ? []
    : [`  ${count} other place${count === 1 ? '' : 's'} may name a key: --json lists them`]
}

/** How far a rotation has come. @returns exit code 1 while one is open */
export function reportStatus(run: RotationRun, end: RunEnd): Report {
  const { rotation, stand } = run
  const isDone = end.step === 'done'
  return {
    exitCode: isDone ? exit.done : exit.no,
    lines: [
      isDone ? 'no rotation is open' : `a rotation is open: ${end.of} is next`,
      ...recipientRows(rotation),
      ...rows(standingRows(stand.standing)),
      ...leftOver(run),
    ],
    hints: isDone ? [] : nextHints(run, end),
    json: {
      result: isDone ? 'done' : 'open',
      ...recipientsAsJson(rotation),
      stage: end.of,
      ...statesAsJson(stand, rotation),
      next: isDone ? [] : nextHints(run, end),
    },
  }
}

function standingRows(standing: Standing): Record<string, string | undefined> {
  const { tree, clusters } = standing
  const counted = ({ oldOnly, both, newOnly, reWrapped }: typeof tree) =>
    [
      `${oldOnly} to the old one alone`,
      `${both} to both`,
      `${newOnly} to the new one alone${reWrapped > 0 ? `, ${reWrapped} of them with their old data key` : ''}`,
    ].join(', ')
  return {
    share: reachOfShare(standing),
    'cut-over': reachOfCutOver(standing),
    'working tree': counted(tree),
    HEAD: counted(standing.head),
    branch: standing.tip && counted(standing.tip),
    'key Secrets':
      clusters &&
      `${clusters.old} with the old identity alone, ${clusters.both} with both, ${clusters.new} with the new one alone`,
  }
}

/** The files that keep a stage from its end. */
function leftOver({ stand: { states } }: RotationRun): string[] {
  const open = states.flatMap(({ file, workingTree, head, branch }) => {
    const worst = (['old-only', 're-wrapped', 'both'] as const).find((status) =>
      [workingTree, head, branch].includes(status),
    )
    return worst === undefined ? [] : [`  ${worst.padEnd(10)}  ${file}`]
  })
  return open.toSorted().toReversed()
}

/** Both recipients. */
export function recipientRows({ old, next }: Rotation): string[] {
  return rows({ 'old public key': shortRecipient(old), 'new public key': next && shortRecipient(next) })
}
