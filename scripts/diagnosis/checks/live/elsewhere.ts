import { finding } from '../../../findings/finding.ts'
import { idOf } from '../../../lib/cluster/flux-objects.ts'
import type { Diagnosis } from '../../diagnosis.ts'
import type { Snapshot } from '../../snapshot/snapshot.ts'

/** Says of the Kustomizations that apply to another cluster that nobody has looked at what they have applied. */
export function findElsewhere({ kustomizations }: Snapshot): Diagnosis[] {
  return [...kustomizations.values()]
    .filter(({ spec }) => spec.kubeConfig)
    .map(idOf)
    .map((id) => ({
      finding: finding('applies-elsewhere', { object: `kustomization ${id}` }, {}),
      stops: [id],
    }))
}
