import { type Condition, conditionOf, idOf, type Kustomization } from '../../../lib/cluster/flux-objects.ts'
import { oneLine, redact } from '../../../lib/redact.ts'
import { causes } from './causes.ts'
import type { ConditionFinding, ConditionState, Said } from './finding.ts'

/** The words of a condition, fit to be shown. */
export function saidBy({ reason, message }: Condition): Said {
  return { reason, message: oneLine(redact(message)) }
}

/** Why a Kustomization is not ready, by its own condition. */
export function explainCondition(
  kustomization: Kustomization,
  state: ConditionState = 'failed',
): ConditionFinding {
  const { namespace, name } = kustomization.metadata
  const ready = conditionOf(kustomization, 'Ready')
  const says = ready && saidBy(ready)
  const keySecret = kustomization.spec.decryption?.secretRef?.name
  const cause = says && causes.find(({ text }) => text.test(says.message))
  return {
    code: cause?.code ?? (says ? 'not-ready' : 'no-status'),
    object: `kustomization ${idOf(kustomization)}`,
    facts: { namespace: `${namespace}`, name, says, state, keySecret },
  }
}
