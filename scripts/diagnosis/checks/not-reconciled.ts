import { finding } from '../../findings/finding.ts'
import { conditionOf, idOf, type Kustomization } from '../../lib/cluster/flux-objects.ts'
import { readDuration } from '../../lib/duration.ts'
import type { ClusterCheck } from '../check.ts'
import type { Diagnosis } from '../diagnosis.ts'
import type { Evidence } from '../evidence.ts'
import { snapshotKeyOf } from '../snapshot/snapshot.ts'

const minute = 60_000

/**
 * Finds the Kustomizations that nobody has reconciled though their source has something new for longer than it can take: an
 * interval, and the timeout of what may have been at work (kustomize-controller v1.9.4 api/v1/kustomization_types.go, GetTimeout).
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
    if (age <= allowed(one)) return []
    const { name, namespace } = metadata
    return {
      finding: finding(
        'not-reconciled',
        { object: `kustomization ${idOf(one)}` },
        { revision: artifact.revision, age: spoken(age), name, namespace: `${namespace}` },
      ),
      stops: [idOf(one)],
    }
  })
}

/** As `findNotReconciled`, at this moment. */
export const checkNotReconciled: ClusterCheck = (evidence) => findNotReconciled(evidence, Date.now())

/** How long a Kustomization may take to come to something new, in ms. */
function allowed({ spec }: Kustomization): number {
  const interval = readDuration(spec.interval ?? '') ?? 60 * minute
  return interval + (readDuration(spec.timeout ?? '') ?? interval) + minute
}

function spoken(time: number): string {
  const minutes = Math.round(time / minute)
  return minutes < 120 ? `${minutes} minutes` : `${Math.round(minutes / 60)} hours`
}
