import { nameOf } from '../../lib/repository/flux-file.ts'
import type { Judgement, Status } from './judge.ts'
import { describeReasons } from './reasons.ts'

/** The groups in the order they are shown, and what each is called. */
const titles: Record<Status, string> = {
  added: 'added',
  missing: 'missing',
  own: 'already there',
  parent: 'through a parent',
  kustomize: 'by a patch in a kustomization',
  'controller-wide': "with the controller's own key",
  different: 'another decryption block, left as it is',
  broken: 'with a decryption block that decrypts nothing',
  'not-needed': 'not needed',
  'not-applied': 'not applied by anything, so left alone',
  'not-known': 'not known',
  'not-editable': 'left alone',
  patch: 'patches, not Kustomizations',
}

/** From so many lines on, a person wants to see the counts before them. */
const long = 30

/**
 * The result for a person: a line for each Kustomization, grouped by what was found, and the counts.
 * @param pathOf how a file is called, relative to the user
 */
export function reportLines(judgements: readonly Judgement[], pathOf: (file: string) => string): string[] {
  const groups = Object.entries(titles).map(([status, title]) => ({
    title,
    found: judgements.filter((judgement) => judgement.status === status),
  }))
  const shown = groups.filter(({ found }) => found.length > 0)
  const counts = shown.map(({ title, found }) => `${found.length} ${title}`).join(' · ')
  const lines = shown.flatMap(({ title, found }) => [
    `${title}:`,
    ...found.map((judgement) => line(judgement, pathOf)),
  ])
  if (lines.length === 0) return []
  return lines.length > long ? [counts, '', ...lines] : [...lines, '', counts]
}

function line({ kustomization, file, reasons }: Judgement, pathOf: (file: string) => string): string {
  const what = kustomization ? `${nameOf(kustomization)} (${pathOf(file)})` : pathOf(file)
  // that is said once for all of them
  const reason = describeReasons(reasons.filter(({ code }) => code !== 'removed-version'))
  return `  ${what}${reason === undefined ? '' : `: ${reason}`}`
}
