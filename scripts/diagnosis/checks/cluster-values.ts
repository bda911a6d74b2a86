import type { ClusterCheck } from '../check.ts'
import { findingOfComparison } from '../values/findings.ts'

/**
 * Where there is a key at hand: the values in the cluster that are others than those of the applied revision. Ciphertext, and what
 * is gone, is found without a key.
 */
export const checkClusterValues: ClusterCheck = async (evidence) => {
  const { identities, repository } = evidence
  if (!identities || !repository) return []
  const { compareValues } = await import('../values/compare-values.ts')
  const { objects } = await compareValues(evidence, identities)
  return objects
    .filter(({ status }) => status !== 'ciphertext' && status !== 'missing')
    .flatMap((compared) => {
      const found = findingOfComparison(compared)
      return found ? [{ finding: found, stops: [compared.kustomization] }] : []
    })
}
