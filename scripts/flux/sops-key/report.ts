import type { Report } from '../../lib/caller.ts'
import { exit } from '../../lib/errors.ts'
import { rows } from '../../lib/rows.ts'
import { lastApplied, type SecretPlan } from './plan.ts'

/** What was done, without the key. */
export interface KeyResult {
  /** The name of the Secret. */
  name: string
  context: string
  /** Where the key was found, for people. */
  source: string
  recipients: string[]
  plans: readonly SecretPlan[]
  warnings: string[]
  dryRun: boolean
}

/** The report of the task. */
export function reportOf(result: KeyResult): Report {
  const { name, context, source, recipients, plans, warnings, dryRun } = result
  return {
    exitCode: exit.done,
    lines: plans.flatMap((plan) => linesOf(plan, result)),
    json: {
      result: resultOf(plans),
      context,
      secret: name,
      namespaces: plans.map(({ namespace, result, takenFrom, removeLastApplied }) => ({
        namespace,
        result,
        takenFrom,
        removedLastApplied: removeLastApplied,
      })),
      recipients,
      key: source,
      dryRun,
      warnings,
    },
  }
}

function resultOf(plans: readonly SecretPlan[]): SecretPlan['result'] {
  const results = new Set(plans.map(({ result }) => result))
  if (results.has('created')) return 'created'
  return results.has('configured') ? 'configured' : 'unchanged'
}

function linesOf(
  { namespace, result, takenFrom, removeLastApplied }: SecretPlan,
  { name, context, source, recipients, dryRun }: KeyResult,
): string[] {
  return [
    `secret/${name} ${result}${dryRun && result !== 'unchanged' ? ' (dry run: nothing was written)' : ''}`,
    ...rows({
      context,
      namespace,
      'key from': source,
      recipients,
      'taken over from': takenFrom.join(', ') || undefined,
    }),
    ...(removeLastApplied ? [`  removed the annotation ${lastApplied}, which held a copy of the key`] : []),
  ]
}
