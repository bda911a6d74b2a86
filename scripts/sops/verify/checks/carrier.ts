import { branchOf, type GitRepository, type Kustomization } from '../../../lib/cluster/flux-objects.ts'

/**
 * Why a Kustomization cannot carry a test Secret that is pushed to the branch which its source follows, in words.
 * @param source `undefined` where it is not there
 * @returns `undefined` where it can
 */
export function whyNoCarrier(
  { spec: { decryption, prune, suspend, kubeConfig, sourceRef } }: Kustomization,
  source: GitRepository | undefined,
): string | undefined {
  if (sourceRef.kind !== 'GitRepository' || !source) return 'has no GitRepository'
  if (decryption?.provider !== 'sops') return 'does not decrypt'
  if (suspend) return 'is suspended'
  if (source.spec.suspend) return 'has a source that is suspended'
  if (branchOf(source) === undefined) return 'has a source that follows no branch'
  if (kubeConfig) return 'applies to another cluster'
  return prune ? undefined : 'does not prune'
}
