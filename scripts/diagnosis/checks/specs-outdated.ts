import { finding } from '../../findings/finding.ts'
import { idOf } from '../../lib/cluster/flux-objects.ts'
import { findOutdated } from '../chain/outdated.ts'
import type { ClusterCheck } from '../check.ts'

/** Finds the Kustomizations that are not as their file says, since the one that applies them fails. */
export const checkSpecsOutdated: ClusterCheck = async (evidence) =>
  (await findOutdated(evidence)).map(({ child, parent, file, line }) => ({
    finding: finding(
      'spec-outdated',
      { object: `kustomization ${idOf(child)}`, file, line },
      { parent: idOf(parent), state: parent.spec.suspend ? 'is suspended' : 'fails' },
    ),
    stops: [idOf(child)],
  }))
