import { resolve } from 'node:path'
import { type Finding, severityOf, worded } from '../../findings/finding.ts'
import { exit, UserError } from '../../lib/errors.ts'
import { type NameOf, namesFrom } from '../../lib/paths.ts'
import type { RotateOptions } from './options.ts'
import type { Survey } from './survey.ts'

/** What findings of a run are worded by. */
interface Asked {
  options: Pick<RotateOptions, 'caller'>
  stand: { survey: Pick<Survey, 'repository'> }
}

/** The error for the worst of some findings; the others are said below it. */
export function rotationRefusal(
  findings: readonly Finding[],
  asked: Asked,
  exitCode: typeof exit.no | typeof exit.notDone = exit.no,
): UserError {
  const nameOf = namesOf(asked)
  const sorted = findings.toSorted((a, b) => rankOf(a) - rankOf(b))
  const [first] = sorted
  if (!first) return new UserError('nothing was found', { exitCode })
  const lines = sorted.map((found) => lineOfFinding(found, nameOf))
  return new UserError(lines.join('\n'), { hint: worded(first, nameOf).fix, exitCode })
}

/** Goes on only where nothing was found. @throws UserError as `rotationRefusal` */
export function refuseFor(
  findings: readonly Finding[],
  asked: Asked,
  exitCode?: typeof exit.no | typeof exit.notDone,
): void {
  if (findings.length > 0) throw rotationRefusal(findings, asked, exitCode)
}

/** Says a finding that keeps nothing from going on. */
export function sayFinding(found: Finding, asked: Asked): void {
  const { note } = asked.options.caller
  const nameOf = namesOf(asked)
  const severity = severityOf(found) === 'note' ? 'note' : 'warning'
  note(`${severity}: ${lineOfFinding(found, nameOf)}`)
  note(`  hint: ${worded(found, nameOf).fix}`)
}

/** Calls files of the repository by their path from where the user stands. */
function namesOf({ options: { caller }, stand: { survey } }: Asked): NameOf {
  return (file) => namesFrom(caller.cwd)(resolve(survey.repository.root, file))
}

function rankOf(found: Finding): number {
  return ['error', 'warning', 'note'].indexOf(severityOf(found))
}

function lineOfFinding(found: Finding, nameOf: NameOf): string {
  const where = found.file === undefined ? found.object : nameOf(found.file)
  return `${where}${found.line === undefined ? '' : `:${found.line}`}: ${worded(found, nameOf).message}`
}
