import { finding } from '../../findings/finding.ts'
import { conditionOf, idOf } from '../../lib/cluster/flux-objects.ts'
import type { ClusterCheck } from '../check.ts'
import type { Diagnosis } from '../diagnosis.ts'
import type { Evidence } from '../evidence.ts'
import { reconcileLimit, spokenTime } from '../reconcile-limit.ts'
import { snapshotKeyOf } from '../snapshot/snapshot.ts'

/**
 * Finds the Kustomizations that nobody has reconciled though their source has something new for longer than it can take.
 * @param now in ms since 1970
 */
export function findNotReconciled({ snapshot }: Evidence, now: number): Diagnosis[] {
  return [...snapshot.kustomizations.values()].flatMap((one) => {
    const { artifact } = snapshot.sources.get(snapshotKeyOf(one))?.status ?? {}
    const { status, metadata } = one
    const hasTried = [status?.lastAttemptedRevision, status?.lastAppliedRevision].includes(artifact?.revision)
    // what fails says itself why
    const isReady = conditionOf(one, 'Ready')?.status === 'True'
    if (one.spec.suspend || !isReady || hasTried || artifact?.lastUpdateTime === undefined) return []
    const age = now - Date.parse(artifact.lastUpdateTime)
    if (age <= reconcileLimit(one)) return []
    const { name, namespace } = metadata
    return {
      finding: finding(
        'not-reconciled',
        { object: `kustomization ${idOf(one)}` },
        { revision: artifact.revision, age: spokenTime(age), name, namespace: `${namespace}` },
      ),
      stops: [idOf(one)],
    }
  })
}

/** As `findNotReconciled`, at this moment. */
export const checkNotReconciled: ClusterCheck = (evidence) => findNotReconciled(evidence, Date.now())
