import type { Diagnosis } from '../../diagnosis/diagnosis.ts'
import { linesOfRecipients, type RecipientRow } from '../../diagnosis/keys/recipient-table.ts'
import { diagnosesAsJson } from '../../diagnosis/render/json.ts'
import { diagnosisLines } from '../../diagnosis/render/lines.ts'
import type { Snapshot } from '../../diagnosis/snapshot/snapshot.ts'
import { severityOf } from '../../findings/finding.ts'
import { countFindings, countsAsText } from '../../findings/render/text.ts'
import type { Report } from '../../lib/caller.ts'
import { exit } from '../../lib/errors.ts'
import type { DoctorOptions } from './options.ts'

/** What a report is about. */
interface Reported {
  snapshot: Snapshot
  /** Who can read what, in the whole cluster. */
  recipients: readonly RecipientRow[]
  /** Of the repository, absolute; `undefined` outside of one. */
  root: string | undefined
  options: DoctorOptions
}

/** The answer of the doctor. @param diagnoses the worst first */
export function reportDoctor(
  diagnoses: readonly Diagnosis[],
  { snapshot, recipients, root, options }: Reported,
): Report {
  const findings = diagnoses.map(({ finding }) => finding)
  const isWrong = findings.some((one) => severityOf(one) !== 'note')
  const counted = countsAsText(findings)
  const verdict = isWrong ? counted : findings.length > 0 ? `healthy, with ${counted},` : 'healthy'
  const { kustomizations, context } = snapshot
  const hidesNames = !options.names && diagnoses.some(({ stops }) => stops.length > 1)
  const looked = `${kustomizations.size} Kustomization${kustomizations.size === 1 ? '' : 's'} of context ${context}`
  return {
    exitCode: isWrong ? exit.no : exit.done,
    lines: [
      ...diagnosisLines(diagnoses, {
        root,
        cwd: options.caller.cwd,
        names: options.names,
        context: options.context,
      }),
      ...(isWrong ? recipientLines(recipients) : []),
      `${verdict} in ${looked}`,
    ],
    hints: hidesNames
      ? [{ text: '`mise run flux:doctor --names` names the Kustomizations that each stops', lines: [] }]
      : [],
    json: {
      result: isWrong ? 'failed' : 'passed',
      context,
      kustomizations: kustomizations.size,
      counts: countFindings(findings),
      findings: diagnosesAsJson(diagnoses, options.context),
      recipients,
    },
  }
}

function recipientLines(recipients: readonly RecipientRow[]): string[] {
  const lines = linesOfRecipients(recipients)
  return lines.length > 0 ? ['recipients of age:', ...lines, ''] : []
}
