import { saidBy } from '../../../diagnosis/condition/explain.ts'
import { conditionOf, type Kustomization } from '../../../lib/cluster/flux-objects.ts'

/** How far a Kustomization has got with the revision that it has tried last. */
export interface DecryptionState {
  code:
    | 'ready'
    /** It failed behind the decryption: all of its files are built and decrypted before anything is applied. */
    | 'failing-behind'
    /** It failed before it was certain that it decrypts. */
    | 'failed'
    /** Only time tells. */
    | 'at-work'
  /** Its own words, redacted. */
  says: string
}

/**
 * What comes behind the decryption (kustomize-controller v1.9.4 kustomization_controller.go reconcile). One that applies elsewhere
 * says ReconciliationFailed also where it does not reach that cluster, which it tries first.
 */
const behind = ['ReconciliationFailed', 'HealthCheckFailed', 'PruneFailed']

/** What passes without anybody doing something. */
const passing = ['DependencyNotReady', 'HealthCheckCanceled', 'Progressing']

/** How far a Kustomization has got, by its conditions. */
export function decryptionStateOf(kustomization: Kustomization): DecryptionState {
  const { metadata, spec, status } = kustomization
  const ready = conditionOf(kustomization, 'Ready')
  if (!ready) return { code: 'at-work', says: 'it says nothing yet' }
  const says = saidBy(ready)
  if (conditionOf(kustomization, 'Stalled')?.status === 'True') return { code: 'failed', says }
  if (ready.status === 'Unknown' || status?.observedGeneration !== metadata.generation)
    return { code: 'at-work', says }
  if (ready.status === 'True') return { code: 'ready', says }
  const isElsewhere = spec.kubeConfig !== undefined && ready.reason === 'ReconciliationFailed'
  if (behind.includes(ready.reason) && !isElsewhere) return { code: 'failing-behind', says }
  const passes = passing.includes(ready.reason) || /retrying in/.test(ready.message)
  return { code: passes ? 'at-work' : 'failed', says }
}
