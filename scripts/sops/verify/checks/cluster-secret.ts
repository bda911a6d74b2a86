import { finding } from '../../../findings/finding.ts'
import type { Kustomization } from '../../../lib/cluster/flux-objects.ts'
import { get, secrets } from '../../../lib/cluster/kube-api.ts'
import type { Secret } from '../../../lib/cluster/kube-objects.ts'
import type { Cluster } from '../../../lib/cluster/kubectl.ts'
import { KubectlError } from '../../../lib/cluster/kubectl-error.ts'
import { runAnnotation } from '../../test-secret/secret-manifest.ts'
import { notChecked } from '../findings/verdict.ts'

/** The test Secret of one run as it has to be in the cluster. */
export interface ClusterSecret {
  namespace: string
  name: string
  /** The id of the run, which the Secret carries. */
  run: string
  /** base64 of the message that it has to hold. Never shown. */
  expected: string
}

/**
 * Reads the test Secret that an earlier run may have left in the cluster.
 * @param kustomization the one that is to write it
 * @returns `undefined` where there is none
 * @throws Verdict where a Secret of this name is there that no run has made, or it cannot be read: then nothing could be proved
 */
export async function readEarlierSecret(
  cluster: Cluster,
  { namespace, name }: ClusterSecret,
  kustomization: Kustomization,
): Promise<Secret | undefined> {
  const object = `secret ${namespace}/${name}`
  let live: Secret | undefined
  try {
    live = await get<Secret>(cluster, `cannot read ${object}`, secrets, { namespace, name })
  } catch (error) {
    if (!(error instanceof KubectlError && error.problem === 'forbidden')) throw error
    const facts = { namespace, kustomizationNamespace: `${kustomization.metadata.namespace}` }
    throw notChecked(finding('secret-unreadable', { object }, facts))
  }
  if (live && live.metadata.annotations?.[runAnnotation] === undefined)
    throw notChecked(finding('secret-taken', { object }, {}))
  return live
}
