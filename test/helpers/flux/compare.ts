import { gatherEvidence } from '../../../scripts/diagnosis/evidence.ts'
import { readSnapshot } from '../../../scripts/diagnosis/snapshot/read-snapshot.ts'
import { compareValues } from '../../../scripts/diagnosis/values/compare-values.ts'
import type { Comparison } from '../../../scripts/diagnosis/values/compared.ts'
import { openCluster } from '../../../scripts/lib/cluster/kubectl.ts'
import type { Identity } from '../../../scripts/lib/sops/age.ts'
import type { Flux } from './sandbox.ts'

/** How the cluster of a sandbox compares with the clone of `flux`. */
export async function compareFlux(
  { clone: root, env }: Flux,
  identities: readonly Identity[],
): Promise<Comparison> {
  const { signal } = new AbortController()
  const cluster = openCluster(undefined, { env, signal, note: () => {} })
  try {
    const snapshot = await readSnapshot(cluster, undefined)
    const evidence = gatherEvidence(snapshot, { root, env, signal }, identities, { env, signal })
    return await compareValues(evidence, identities)
  } finally {
    await cluster.close()
  }
}
