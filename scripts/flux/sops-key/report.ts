import type { Report } from '../../lib/caller.ts'
import { type AgeEntry, ageDataKey, type KeySecret, lastApplied } from '../../lib/cluster/key-secret.ts'
import { exit } from '../../lib/errors.ts'
import { rows } from '../../lib/rows.ts'
import { shortRecipient } from '../../lib/sops/recipients.ts'
import type { SecretPlan } from './plan.ts'

/** What was done, without the key. */
export interface KeyResult {
  /** The name of the Secret. */
  name: string
  context: string
  /** Where the key was found, for people. */
  source: string
  recipients: string[]
  plans: readonly SecretPlan[]
  /** What each Secret held before. */
  lives: readonly KeySecret[]
  warnings: string[]
  dryRun: boolean
}

/** The report of the task. */
export function reportOf(result: KeyResult): Report {
  const { name, context, source, recipients, plans, lives, warnings, dryRun } = result
  const others = plans.map((plan, index) => staying(plan, lives[index]!))
  return {
    exitCode: exit.done,
    lines: plans.flatMap((plan, index) => linesOf(plan, others[index]!, result)),
    json: {
      result: resultOf(plans),
      context,
      secret: name,
      namespaces: plans.map(({ namespace, result, takenFrom, removeLastApplied, removes }, index) => ({
        namespace,
        result,
        takenFrom,
        removedLastApplied: removeLastApplied,
        otherEntries: others[index]!.map(({ dataKey, identities }) => ({
          dataKey,
          recipients: identities.map(({ recipient }) => recipient),
        })),
        removedEntries: removes,
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

/** The other entries of a Secret with age identities, which stay. */
function staying({ removes }: SecretPlan, { ageEntries }: KeySecret): AgeEntry[] {
  return ageEntries.filter(({ dataKey }) => dataKey !== ageDataKey && !removes.includes(dataKey))
}

function linesOf(
  { namespace, result, takenFrom, removeLastApplied, removes }: SecretPlan,
  others: readonly AgeEntry[],
  { name, source, recipients, dryRun }: KeyResult,
): string[] {
  const held = others.flatMap(({ dataKey, identities }) =>
    identities.map(({ recipient }) => `${shortRecipient(recipient)} (${dataKey})`),
  )
  return [
    `secret/${name} ${result}${dryRun && result !== 'unchanged' ? ' (dry run: nothing was written)' : ''}`,
    ...rows({
      namespace,
      'key from': source,
      recipients: recipients.map(shortRecipient),
      'also holds': held.length > 0 ? held : undefined,
      'taken out': removes.join(', ') || undefined,
      'taken over from': takenFrom.join(', ') || undefined,
    }),
    ...(removeLastApplied ? [`  removed the annotation ${lastApplied}, which held a copy of the key`] : []),
    ...(held.length > 0
      ? [
          `  ${held.length} other ${held.length > 1 ? 'identities stay' : 'identity stays'} in the Secret; --only takes ${held.length > 1 ? 'them' : 'it'} out`,
        ]
      : []),
  ]
}
