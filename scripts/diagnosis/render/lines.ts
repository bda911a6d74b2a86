import { resolve } from 'node:path'
import { styleText } from 'node:util'
import type { Severity } from '../../findings/entry.ts'
import { type Finding, severityOf, worded } from '../../findings/finding.ts'
import { visible } from '../../findings/render/visible.ts'
import { namesFrom } from '../../lib/paths.ts'
import type { Diagnosis } from '../diagnosis.ts'
import { withContext } from './with-context.ts'
import { cut, wrapped } from './wrap.ts'

/** How many of the worst are shown in full; of the others there is a line each. */
const shownInFull = 5

const colours = { error: 'red', warning: 'yellow', note: 'dim' } as const

/** How diagnoses are called. */
export interface Naming {
  /** Of the repository, absolute; `undefined` outside of one. */
  root: string | undefined
  /** Where the user stands. */
  cwd: string
  /** Name the Kustomizations that each stops. */
  names: boolean
  /** That was named; `undefined`: the current one. */
  context: string | undefined
}

/**
 * Diagnoses for a person with two minutes: of the worst what it stops, what it is and what to do; then a line for each other one.
 * @param diagnoses the worst first
 */
export function diagnosisLines(diagnoses: readonly Diagnosis[], naming: Naming): string[] {
  const first = diagnoses.filter(({ finding }) => severityOf(finding) !== 'note').slice(0, shownInFull)
  const others = diagnoses.filter((one) => !first.includes(one))
  const table = others.map((one) => inALine(one, naming))
  return [
    ...first.flatMap((one) => [...inFull(one, naming), '']),
    ...table,
    ...(table.length > 0 ? [''] : []),
  ]
}

function inFull(diagnosis: Diagnosis, naming: Naming): string[] {
  const { stops } = diagnosis
  const finding = withObject(diagnosis)
  const { severity, message, fix } = worded(cause(finding), nameIn(naming))
  const object = finding.object ?? placeIn(finding, naming)
  const count = stops.length > 1 ? `, stops ${stops.length}` : ''
  const names = naming.names && stops.length > 1 ? wrapped(`stops ${stops.join(', ')}`, '  ') : []
  const [head = '', ...more] = wrapped(visible(`${severity}: ${object} (${finding.code})${count}`), '')
  return [
    `${coloured(severity)}${head.slice(severity.length)}`,
    ...more.map((line) => `  ${line}`),
    ...[placed(message, finding, naming), `fix: ${withContext(fix, naming.context)}`].flatMap((text) =>
      text.split('\n').flatMap((line) => wrapped(visible(line), '  ')),
    ),
    ...names,
  ]
}

/** What is wrong with a file that one Kustomization builds is told of that. */
function withObject({ finding, stops }: Diagnosis): Finding {
  const [only, ...others] = stops
  const isOfOne = finding.object === undefined && only !== undefined && others.length === 0
  return isOfOne ? { ...finding, object: `kustomization ${only}` } : finding
}

/** A message behind its place, where its object does not say that; one that begins with its file has its place there. */
function placed(message: string, finding: Finding, naming: Naming): string {
  const { object, file } = finding
  if (object === undefined || file === undefined) return message
  const place = placeIn(finding, naming)
  return message.startsWith(`${file} `) ? `${place}${message.slice(file.length)}` : `${place}: ${message}`
}

function inALine(diagnosis: Diagnosis, naming: Naming): string {
  const finding = withObject(diagnosis)
  const { severity, message } = worded(cause(finding))
  const what = `${finding.object ?? placeIn(finding, naming)}: ${message.split('\n')[0]}`
  const line = cut(`${severity.padEnd('warning'.length)}  ${visible(what)}`)
  return `${coloured(severity)}${line.slice(severity.length)}`
}

/** Where the cause is known, the words of the controller say less: `--json` has them. */
function cause({ said: _, ...known }: Finding): Finding {
  return known
}

function coloured(severity: Severity): string {
  return styleText(colours[severity], severity)
}

function placeIn({ file = '', line }: Finding, naming: Naming): string {
  return `${nameIn(naming)(file)}${line === undefined ? '' : `:${line}`}`
}

function nameIn({ root, cwd }: Naming): (file: string) => string {
  const nameOf = namesFrom(cwd)
  return (file) => (root === undefined ? file : nameOf(resolve(root, file)))
}
