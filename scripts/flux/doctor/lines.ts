import { resolve } from 'node:path'
import type { Diagnosis } from '../../diagnosis/diagnosis.ts'
import { severityOf, worded } from '../../findings/finding.ts'
import { visible } from '../../findings/render/visible.ts'
import { namesFrom } from '../../lib/paths.ts'

/** How many of the worst are shown in full; of the others there is a line each. */
const shownInFull = 5

/** How diagnoses are called. */
interface Naming {
  /** Of the repository, absolute; `undefined` outside of one. */
  root: string | undefined
  /** Where the user stands. */
  cwd: string
  /** Name the Kustomizations that each stops. */
  names: boolean
}

/** Diagnoses for a person: the worst with what it is, what it stops, and what to do; then a line for each other one. */
export function linesOf(diagnoses: readonly Diagnosis[], naming: Naming): string[] {
  const first = diagnoses.filter(({ finding }) => severityOf(finding) !== 'note').slice(0, shownInFull)
  const others = diagnoses.filter((one) => !first.includes(one))
  return [
    ...first.flatMap((one) => [...inFull(one, naming), '']),
    ...others.map((one) => inALine(one, naming)),
    ...(others.length > 0 ? [''] : []),
  ].map(visible)
}

function inFull(diagnosis: Diagnosis, naming: Naming): string[] {
  const { finding, stops } = diagnosis
  const { severity, message, fix } = worded(finding, nameIn(naming))
  const stopped = stops.length < 2 ? [] : [`  ${stoppedBy(stops, naming)}`]
  return [
    `${severity}: ${placeOf(diagnosis, naming)}: ${message} (${finding.code})`,
    ...stopped,
    `  fix: ${fix}`,
  ]
}

function inALine(diagnosis: Diagnosis, naming: Naming): string {
  const { severity, message } = worded(diagnosis.finding)
  return `${severity.padEnd('warning'.length)}  ${placeOf(diagnosis, naming)}: ${message.split('\n')[0]} (${diagnosis.finding.code})`
}

function placeOf({ finding }: Diagnosis, naming: Naming): string {
  const { object, file, line } = finding
  const place = file === undefined ? [] : [`${nameIn(naming)(file)}${line === undefined ? '' : `:${line}`}`]
  return [...(object === undefined ? [] : [object]), ...place].join(', ')
}

function nameIn({ root, cwd }: Naming): (file: string) => string {
  const nameOf = namesFrom(cwd)
  return (file) => (root === undefined ? file : nameOf(resolve(root, file)))
}

function stoppedBy(stops: readonly string[], { names }: Naming): string {
  const count = `it stops ${stops.length} Kustomizations`
  return names ? `${count}: ${stops.join(', ')}` : count
}
