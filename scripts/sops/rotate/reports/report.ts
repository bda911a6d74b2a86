import { markFindings } from '../../../findings/fingerprint.ts'
import { asJson } from '../../../findings/render/json.ts'
import type { Report } from '../../../lib/caller.ts'
import { exit } from '../../../lib/errors.ts'
import { rows } from '../../../lib/rows.ts'
import { shortRecipient } from '../../../lib/sops/recipients.ts'
import { countFiles, countRules } from '../count.ts'
import type { Departure, Rotation } from '../rotation.ts'
import type { RotationRun, Stand } from '../run.ts'
import type { RunEnd } from '../stages/advance.ts'
import type { PlaceCounts } from '../standing.ts'
import { elsewhereFindings, findKeyElsewhere } from '../state/elsewhere.ts'
import { type PlaceName, type Places, placeNames } from '../state/places.ts'
import { endHints, howItStands, stepHints } from './next-hints.ts'
import { recipientsAsJson, statesAsJson } from './states-json.ts'

/** Says what was done, and what comes next. */
export async function reportRotation(run: RotationRun, end: RunEnd): Promise<Report> {
  const { rotation, stand, log, options } = run
  const { repository, places } = stand.survey
  const isDone = end.step === 'done'
  const elsewhere = await findKeyElsewhere(repository, places, rotation.old)
  const hints = isDone ? endHints(run) : stepHints(run, end)
  return {
    exitCode: exit.done,
    lines: [
      isDone
        ? `done: nothing is encrypted to the old public key any more${options.noCluster ? '' : ', and no cluster that was asked has its identity'}`
        : `waiting: ${howItStands(end)}`,
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
    : [`  ${count} other place${count === 1 ? '' : 's'} may name or hold a key: --json lists them`]
}

/** How far a rotation has come. @returns exit code 1 while one is open */
export function reportStatus(run: RotationRun, end: RunEnd): Report {
  const { rotation, stand } = run
  const isDone = end.step === 'done'
  return {
    exitCode: isDone ? exit.done : exit.no,
    lines: [
      isDone ? 'no rotation is open' : `a rotation is open: ${howItStands(end)}`,
      ...recipientRows(rotation),
      ...standingTable(stand, rotation),
      ...leftOver(run),
    ],
    hints: isDone ? [] : stepHints(run, end),
    json: {
      result: isDone ? 'done' : 'open',
      ...recipientsAsJson(rotation),
      stage: end.of,
      ...statesAsJson(stand, rotation),
      next: isDone ? [] : stepHints(run, end),
    },
  }
}

/** How many files and rules of each place, and how many key Secrets, have only the old key, both, or only the new one. */
function standingTable({ survey: { places }, states, standing: { clusters } }: Stand, rotation: Rotation) {
  const names = namesOfPlaces(places)
  const counted: [name: string, counts: number[]][] = placeNames.flatMap((name) => {
    const place = places[name]
    if (!place) return []
    const rules = cells(countRules(place, rotation))
    const files = [names[name], cells(countFiles(name, states))] satisfies [string, number[]]
    return rules.some((count) => count > 0) ? [files, ['  rules', rules]] : [files]
  })
  if (clusters) counted.push(['key Secrets', [clusters.old, clusters.both, clusters.new]])
  const titles = ['old only', 'both', 'new only']
  const width = Math.max(...counted.map(([name]) => name.length))
  const line = (name: string, cells: readonly (string | number)[]) =>
    `  ${name.padEnd(width)}${cells.map((cell, column) => `  ${cell}`.padStart((titles[column] ?? '').length + 2)).join('')}`
  return [line('', titles), ...counted.map(([name, counts]) => line(name, counts))]
}

function cells({ oldOnly, both, newOnly }: PlaceCounts): number[] {
  return [oldOnly, both, newOnly]
}

function namesOfPlaces({ tip }: Places): Record<PlaceName, string> {
  return {
    workingTree: 'working tree',
    head: 'HEAD',
    branch: tip ? `${tip.remote}/${tip.name}` : 'branch',
  }
}

/** The states that keep a stage from its end, the one that comes first in a rotation at the beginning. */
const openStates = ['old-only', 're-wrapped', 'both'] as const

/** The files that keep a stage from its end, and where they stand like this, if not everywhere. */
function leftOver({ stand: { states, survey } }: RotationRun): string[] {
  const names = namesOfPlaces(survey.places)
  const found = states.flatMap((state) => {
    const places = placeNames.filter((place) => state[place] !== undefined)
    const status = openStates.find((one) => places.some((place) => state[place] === one))
    if (status === undefined) return []
    const where = places.filter((place) => state[place] === status)
    const named = where.length === places.length ? '' : ` (${where.map((place) => names[place]).join(', ')})`
    return [{ status, text: `${state.file}${named}` }]
  })
  return openStates.flatMap((status) =>
    found.flatMap((one) => (one.status === status ? `  ${status.padEnd(10)}  ${one.text}` : [])).toSorted(),
  )
}

/** The recipients, each on a line. */
export function recipientRows({ old, next }: Departure): string[] {
  return rows({
    'old public key': shortRecipient(old),
    'new public key': next === undefined ? undefined : shortRecipient(next),
  })
}
