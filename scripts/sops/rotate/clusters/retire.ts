import type { Rotation } from '../rotation.ts'
import { withoutOld, writeInTurn } from './guarded.ts'
import { heldStatus, judgeCluster } from './judge.ts'
import { type Changed, type ClusterFinding, planChanges } from './plan-changes.ts'
import type { JudgeOptions } from './proof.ts'
import type { RotationCluster } from './state.ts'
import { valuesWithoutRecipient } from './take-out.ts'
import type { WaitOptions } from './wait.ts'

/**
 * Takes the old identity out of the key Secrets, one cluster after the other, under guard: where a Kustomization fails without
 * it, it is put back. Refused in all clusters where one of them has not proved that nothing needs it.
 * @throws UserError as `writeSecretChanges`; the reason of the signal, when the old identity is back
 */
export async function retire(
  clusters: readonly RotationCluster[],
  rotation: Rotation,
  options: JudgeOptions & WaitOptions,
): Promise<Changed> {
  const refused = clusters.flatMap((state) => {
    const { secretsProof, cutOverProof } = judgeCluster(state, rotation, options)
    const open = [secretsProof, cutOverProof].filter(({ holds }) => !holds)
    return open.flatMap(({ findings }) =>
      findings.map((finding): ClusterFinding => ({ context: state.context, finding })),
    )
  })
  if (refused.length > 0) return { changes: [], findings: refused }
  return retireGuarded(clusters, rotation, options)
}

/** As `retire`, without asking whether anything needs the old identity: the guard alone sees it. */
export async function retireGuarded(
  clusters: readonly RotationCluster[],
  rotation: Rotation,
  options: WaitOptions,
): Promise<Changed> {
  const planned = planChanges(clusters, {
    isConcerned: (secret) => ['old', 'both'].includes(heldStatus(secret, rotation)),
    order: 'take the old identity out',
    after: (secret) => valuesWithoutRecipient(secret, rotation.old, 'old'),
  })
  return writeInTurn(clusters, planned, { ...options, ...withoutOld })
}
