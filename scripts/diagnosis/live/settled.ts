import { conditionOf, type Kustomization } from '../../lib/cluster/flux-objects.ts'
import { type Snapshot, snapshotKeyOf } from '../snapshot/snapshot.ts'

/** Whether a Kustomization has applied all that its source has, so that its inventory is what it declares. */
export function isSettled(kustomization: Kustomization, { sources }: Snapshot): boolean {
  const { metadata, status } = kustomization
  const revision = sources.get(snapshotKeyOf(kustomization))?.status?.artifact?.revision
  return (
    conditionOf(kustomization, 'Ready')?.status === 'True' &&
    status?.observedGeneration === metadata.generation &&
    (revision === undefined || revision === status?.lastAppliedRevision)
  )
}
