import type { Rotation } from '../rotation.ts'
import { type SecretChange, trySecretChanges } from './change.ts'
import { type ClusterFinding, planChanges } from './distribute.ts'
import { withoutOld, writeGuarded } from './guarded.ts'
import { heldStatus, judgeCluster } from './judge.ts'
import type { JudgeOptions } from './proof.ts'
import type { RotationCluster } from './state.ts'
import { valuesWithoutRecipient } from './take-out.ts'
import type { WaitOptions } from './wait.ts'

/** What came of taking the old identity out. */
export interface Retired {
  /** Whether no Secret that we may write holds it any more. */
  isRetired: boolean
  /** What was written and stays so, with what it was before. Secret. */
  changes: SecretChange[]
  findings: ClusterFinding[]
}

/**
 * Takes the old identity out of the key Secrets, one cluster after the other, under guard: where a Kustomization fails without
 * it, it is put back. Refused in all clusters where one of them has not proved that nothing needs it.
 * @throws UserError as `writeSecretChanges`; the reason of the signal, when the old identity is back
 */
export async function retire(
  clusters: readonly RotationCluster[],
  rotation: Rotation,
  options: JudgeOptions & WaitOptions,
): Promise<Retired> {
  const refused = clusters.flatMap((state) => {
    const { secretsProof, cutOverProof } = judgeCluster(state, rotation, options)
    const open = [secretsProof, cutOverProof].filter(({ holds }) => !holds)
    return open.flatMap(({ findings }) =>
      findings.map((finding): ClusterFinding => ({ context: state.context, finding })),
    )
  })
  if (refused.length > 0) return { isRetired: false, changes: [], findings: refused }
  return retireGuarded(clusters, rotation, options)
}

/** As `retire`, without asking whether anything needs the old identity: the guard alone sees it. */
export async function retireGuarded(
  clusters: readonly RotationCluster[],
  rotation: Rotation,
  options: WaitOptions,
): Promise<Retired> {
  const planned = planChanges(clusters, {
    isConcerned: (secret) => ['old', 'both'].includes(heldStatus(secret, rotation)),
    order: 'take the old identity out',
    after: (secret) => valuesWithoutRecipient(secret, rotation.old, 'old'),
  })
  const { findings } = planned
  await trySecretChanges(planned.changes)
  const changes: SecretChange[] = []
  for (const state of clusters) {
    const own = planned.changes.filter(({ cluster }) => cluster === state.cluster)
    if (own.length === 0) continue
    const found = await writeGuarded(state, own, { ...options, ...withoutOld })
    findings.push(...found.map((finding) => ({ context: state.context, finding })))
    if (found.length > 0) break
    changes.push(...own)
  }
  return { isRetired: findings.length === 0, changes, findings }
}
