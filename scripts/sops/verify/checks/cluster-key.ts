import { idOf } from '../../../lib/cluster/flux-objects.ts'
import { isOtherKey, readKeySecret, recipientsOf } from '../../../lib/cluster/key-secret.ts'
import { get, secrets } from '../../../lib/cluster/kube-api.ts'
import type { Secret } from '../../../lib/cluster/kube-objects.ts'
import type { Cluster } from '../../../lib/cluster/kubectl.ts'
import { KubectlError } from '../../../lib/cluster/kubectl-error.ts'
import type { Finding } from '../findings/finding.ts'
import { failed } from '../findings/verdict.ts'
import type { Target } from './target.ts'

/** The key that a Kustomization decrypts with. */
export type ClusterKey =
  | {
      /** Where it is: `secret flux-system/sops-age`. */
      object: string
      /** The public keys of its identities. */
      recipients: string[]
    }
  /** Why it cannot be checked beforehand. */
  | { unchecked: Finding }

/**
 * Reads the identities that the Kustomization decrypts with.
 * @throws Verdict where the Secret is missing or the controller could not use it; UserError where age-keygen is missing, or
 *   too old for an identity
 */
export async function readClusterKey(cluster: Cluster, { kustomization }: Target): Promise<ClusterKey> {
  const namespace = `${kustomization.metadata.namespace}`
  const name = kustomization.spec.decryption?.secretRef?.name
  if (!name)
    return {
      unchecked: { code: 'controller-key', object: `kustomization ${idOf(kustomization)}`, facts: {} },
    }
  const object = `secret ${namespace}/${name}`
  let secret: Secret | undefined
  try {
    secret = await get<Secret>(cluster, `cannot read ${object}`, secrets, { namespace, name })
  } catch (error) {
    if (!(error instanceof KubectlError && error.problem === 'forbidden')) throw error
    return { unchecked: { code: 'key-secret-unreadable', object, facts: {} } }
  }
  if (!secret) throw failed({ code: 'key-secret-missing', object, facts: { namespace } })
  return judgeKeySecret(secret, object, cluster)
}

async function judgeKeySecret(secret: Secret, object: string, { env, signal }: Cluster): Promise<ClusterKey> {
  const { ageEntries, otherDataKeys } = await readKeySecret(secret, { env, signal })
  const unusable = (dataKey: string, reason: string | undefined) =>
    failed({ code: 'key-unusable', object: `${object}, data key ${dataKey}`, facts: { reason } })
  for (const { dataKey, badLine } of ageEntries) if (badLine) throw unusable(dataKey, badLine.reason)
  const recipients = recipientsOf(ageEntries)
  if (recipients.length > 0) return { object, recipients }
  if (otherDataKeys.some(isOtherKey)) return { unchecked: { code: 'other-key', object, facts: {} } }
  const [empty] = ageEntries
  if (empty) throw unusable(empty.dataKey, undefined)
  throw failed({ code: 'no-agekey', object, facts: { dataKeys: otherDataKeys } })
}

/**
 * Sees to it that a key is one of those that a file is encrypted to.
 * @param recipients of the file
 * @throws Verdict where it is not
 */
export function checkRecipients(key: ClusterKey, recipients: readonly string[]): void {
  if ('unchecked' in key || recipients.some((recipient) => key.recipients.includes(recipient))) return
  const facts = { inCluster: key.recipients, ofFile: [...recipients] }
  throw failed({ code: 'wrong-key', object: key.object, facts })
}
