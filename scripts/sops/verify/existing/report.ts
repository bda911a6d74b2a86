import { styleText } from 'node:util'
import { wrapped } from '../../../diagnosis/render/wrap.ts'
import type { Snapshot } from '../../../diagnosis/snapshot/snapshot.ts'
import type { ComparedObject, CompareStatus, Comparison } from '../../../diagnosis/values/compared.ts'
import { findingOfComparison } from '../../../diagnosis/values/findings.ts'
import { worded } from '../../../findings/finding.ts'
import { visible } from '../../../findings/render/visible.ts'
import { describeNotSeen } from '../../../lib/applied/describe-not-seen.ts'
import type { NotBuilt } from '../../../lib/applied/seen-builds.ts'
import type { Hint, Report } from '../../../lib/caller.ts'
import { exit } from '../../../lib/errors.ts'
import { shortCommit } from '../../../lib/git/git.ts'
import { namesFrom } from '../../../lib/paths.ts'
import { resultFor } from '../result.ts'
import { describeUnreadable } from './words.ts'

/** In the order in which people read them. */
const statuses = ['different', 'ciphertext', 'missing', 'not readable', 'same'] as const

const colours = { different: 'red', ciphertext: 'red', missing: 'red', 'not readable': 'yellow' } as const

/** How many Kustomizations have a row of their own in the table where all is the same. */
const mostRows = 20

/** How much of a line of 80 columns is left for the name of a Kustomization; the numbers of a longer one are below it. */
const widestName = 28

/** What a report is about. */
interface Compared {
  snapshot: Snapshot
  /** Of the repository, absolute. */
  root: string
  /** Where the user stands. */
  cwd: string
}

/** The answer of `sops:verify --existing`: what is not the same, a table of all, and the verdict. */
export function existingReport(comparison: Comparison, { snapshot, root, cwd }: Compared): Report {
  const { objects, notBuilt, otherKinds } = comparison
  const nameOf = namesFrom(cwd)
  const called = (file: string) => nameOf(`${root}/${file}`)
  const counts = countStatuses(objects)
  const open = notBuilt.filter((one) => isOpen(one, snapshot))
  const exitCode = exitCodeOf(counts, open.length)
  const others = objects.filter(({ status }) => status !== 'same')
  const sorted = statuses.flatMap((status) => others.filter((one) => one.status === status))
  const verdict = verdictOf(counts, snapshot.context, exitCode)
  return {
    exitCode,
    lines: [
      ...sorted.flatMap((one) => objectLines(one, called)),
      ...notBuilt.flatMap((one) =>
        wrapped(visible(`not seen: kustomization ${one.kustomization}: ${describeNotSeen(one)}`), ''),
      ),
      ...otherKindLines(otherKinds),
      ...tableOf(objects),
      ...wrapped(verdict, ''),
    ],
    hints: hintsOf(others),
    json: {
      way: 'existing',
      result: resultFor(exitCode),
      context: snapshot.context,
      counts,
      objects: objects.map(objectAsJson),
      notSeen: notBuilt.map(notBuiltAsJson),
    },
  }
}

/** An object for programs: without its digests. */
export function objectAsJson({ values: _, why, ...compared }: ComparedObject) {
  return { ...compared, ...(why && { why: { code: why.code, message: describeUnreadable(why) } }) }
}

/** What was not seen, for programs. */
export function notBuiltAsJson(one: NotBuilt) {
  return { kustomization: one.kustomization, code: one.code, message: describeNotSeen(one) }
}

type Counts = Record<CompareStatus, number>

function countStatuses(objects: readonly ComparedObject[]): Counts {
  const counts: Counts = { same: 0, different: 0, ciphertext: 0, missing: 0, 'not readable': 0 }
  for (const { status } of objects) counts[status]++
  return counts
}

/**
 * Whether what was not seen may hold something to compare: Flux decrypts nothing of a Kustomization without a decryption block,
 * and what a URL or a chart brings is not of this repository.
 */
function isOpen(why: NotBuilt, { kustomizations }: Snapshot): boolean {
  if (!kustomizations.get(why.kustomization)?.spec.decryption) return false
  return why.code !== 'not-followed' || why.gap.problem !== undefined
}

function exitCodeOf(counts: Counts, notSeen: number): number {
  if (counts.different + counts.ciphertext + counts.missing > 0) return exit.no
  return counts['not readable'] + notSeen > 0 || counts.same === 0 ? exit.notDone : exit.done
}

function objectLines(compared: ComparedObject, called: (file: string) => string): string[] {
  const { status, kind, namespace, name, kustomization, commit, keys, why, files } = compared
  const object = namespace === undefined ? name : `${kind.toLowerCase()} ${namespace}/${name}`
  const from = `in ${files.map(called).join(', ')}, applied by kustomization ${kustomization} at ${shortCommit(commit)}`
  const reason = why ? describeUnreadable(why) : keys.join(', ')
  const [head = '', ...more] = wrapped(visible(`${status}: ${object}`), '')
  const colour = status === 'same' ? 'dim' : colours[status]
  return [
    `${styleText(colour, status)}${head.slice(status.length)}`,
    ...more.map((line) => `  ${line}`),
    ...(reason === '' ? [] : wrapped(visible(why ? reason : `at ${reason}`), '  ')),
    ...wrapped(visible(from), '  '),
    '',
  ]
}

function otherKindLines(kinds: readonly string[]): string[] {
  if (kinds.length === 0) return []
  const names = [...new Set(kinds)].toSorted().join(', ')
  return wrapped(visible(`not compared: ${kinds.length} encrypted objects of other kinds (${names})`), '')
}

/** A row for each Kustomization; of many, only for those that are not all the same. */
function tableOf(objects: readonly ComparedObject[]): string[] {
  const groups = [...Map.groupBy(objects, ({ kustomization }) => kustomization)]
  if (groups.length === 0) return []
  const counted = groups.map(([name, own]) => ({ name, counts: countStatuses(own), total: own.length }))
  const isShort = ({ counts, total }: (typeof counted)[number]) => counts.same === total
  const shown = counted.length > mostRows ? counted.filter((one) => !isShort(one)) : counted
  const all = { name: `all ${counted.length}`, counts: countStatuses(objects) }
  const rows = counted.length > 1 ? [...shown, all] : shown
  const longest = Math.max(...rows.map(({ name }) => name.length), 'kustomization'.length)
  const width = Math.min(longest, widestName)
  const columns = [...statuses].toReversed()
  const cells = (texts: readonly string[]) =>
    texts.map((text, index) => text.padStart((columns[index]?.length ?? 0) + 2)).join('')
  return [
    `${'kustomization'.padEnd(width)}${cells(columns)}`,
    ...rows.flatMap(({ name, counts }) => {
      const numbers = cells(columns.map((status) => `${counts[status]}`))
      return name.length > width
        ? [name, `${''.padEnd(width)}${numbers}`]
        : [`${name.padEnd(width)}${numbers}`]
    }),
    '',
  ]
}

function verdictOf(counts: Counts, context: string, exitCode: number): string {
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0)
  const objects = `${total} encrypted object${total === 1 ? '' : 's'}`
  if (exitCode === exit.done)
    return `proved: what the applied revisions hold encrypted is decrypted in the cluster, with the same values: ${objects} of context ${context}`
  if (exitCode === exit.no)
    return `failed: ${total - counts.same} of ${objects} of context ${context} ${total - counts.same === 1 ? 'is' : 'are'} not the same`
  return total === 0
    ? `could not be checked: nothing to compare was found in context ${context}`
    : `could not be checked: ${counts.same} of ${objects} of context ${context} ${counts.same === 1 ? 'is' : 'are'} the same, and not all could be seen`
}

/** What to do, once for each order. */
function hintsOf(objects: readonly ComparedObject[]): Hint[] {
  const fixes = objects.flatMap((one) => {
    const found = findingOfComparison(one)
    return found ? [worded(found).fix] : []
  })
  return [...new Set(fixes)].slice(0, mostRows).map((text) => ({ text, lines: [] }))
}
