import { type Finding, finding, worded } from '../../findings/finding.ts'
import { type Condition, conditionOf, idOf, type Kustomization } from '../../lib/cluster/flux-objects.ts'
import { oneLine, redact } from '../../lib/redact.ts'
import { causes } from './causes.ts'

/** When a Kustomization says that it is not ready. */
export type ConditionState =
  /** Before anything was pushed. */
  | 'before'
  /** Behind a commit that it could not apply. */
  | 'failed'
  /** Behind a commit that it has applied. */
  | 'applied'
  /** When the time was over. */
  | 'late'

const beginnings = {
  before: 'is failing already, at the commit that Flux has: ',
  failed: '',
  applied: 'applied the commit, but is not ready: ',
} as const

/** The words of a condition, on one line and redacted. */
export function saidBy({ reason, message }: Condition): string {
  return `${reason}: ${oneLine(redact(message))}`
}

/** Why a Kustomization is not ready, by its own condition. */
export function explainCondition(kustomization: Kustomization, state: ConditionState = 'failed'): Finding {
  const place = { object: `kustomization ${idOf(kustomization)}` }
  const ready = conditionOf(kustomization, 'Ready')
  if (!ready) return finding('no-status', place, { controller: 'kustomize-controller' })
  const { name } = kustomization.metadata
  const namespace = `${kustomization.metadata.namespace}`
  const says = saidBy(ready)
  const own =
    state === 'late'
      ? finding('apply-late', place, { says, namespace, name })
      : finding('not-ready', place, { says: `${beginnings[state]}${says}`, namespace, name })
  const keySecret = kustomization.spec.decryption?.secretRef?.name
  const message = says.slice(ready.reason.length + ': '.length)
  for (const { text, isWithoutSecretRef, find } of causes) {
    const found = text.exec(message)
    if (!found || (isWithoutSecretRef && keySecret !== undefined)) continue
    const cause = find(found.groups ?? {}, place, { namespace, name: keySecret ?? '' })
    return { ...cause, said: worded(own).message }
  }
  return own
}
