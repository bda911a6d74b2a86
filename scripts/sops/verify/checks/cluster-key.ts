import { type Finding, finding } from '../../../findings/finding.ts'
import { flagsFor, type KeySecretId, secretOf } from '../../../findings/key-secret.ts'
import { noIdentity, unusableKey } from '../../../findings/unusable-key.ts'
import { idOf } from '../../../lib/cluster/flux-objects.ts'
import { otherKinds, pluginLinesIn, readKeySecret, recipientsOf } from '../../../lib/cluster/key-secret.ts'
import { get, secrets } from '../../../lib/cluster/kube-api.ts'
import type { Secret } from '../../../lib/cluster/kube-objects.ts'
import type { Cluster } from '../../../lib/cluster/kubectl.ts'
import { KubectlError } from '../../../lib/cluster/kubectl-error.ts'
import { isPluginRecipient, type KeyGroup, readKeyGroups } from '../../../lib/sops/recipients.ts'
import { recipientWithoutKey, tooFewGroups, wrongKey } from '../findings/key.ts'
import { failed } from '../findings/verdict.ts'
import type { Target } from './target.ts'

/** The key that a Kustomization decrypts with. */
export type ClusterKey =
  | {
      /** Where it is. */
      id: KeySecretId
      /** The public keys of its identities. */
      recipients: string[]
      /** Whether it holds identities of plugins as well. */
      hasPlugins: boolean
      /** The kinds of its keys that are not of age (`otherKinds`). */
      kinds: string[]
    }
  /** Why it cannot be checked beforehand. */
  | { unchecked: Finding }

/**
 * Reads the identities that the Kustomization decrypts with.
 * @throws Verdict where the Secret is missing or the controller could not use it; UserError where age-keygen is missing, or
 *   too old for an identity
 */
export async function readClusterKey(
  cluster: Cluster,
  { kustomization }: Pick<Target, 'kustomization'>,
): Promise<ClusterKey> {
  const namespace = `${kustomization.metadata.namespace}`
  const name = kustomization.spec.decryption?.secretRef?.name
  if (!name)
    return {
      unchecked: finding('controller-key', { object: `kustomization ${idOf(kustomization)}` }, {}),
    }
  const object = secretOf({ namespace, name })
  let secret: Secret | undefined
  try {
    secret = await get<Secret>(cluster, `cannot read ${object}`, secrets, { namespace, name })
  } catch (error) {
    if (!(error instanceof KubectlError && error.problem === 'forbidden')) throw error
    return { unchecked: finding('key-secret-unreadable', { object }, {}) }
  }
  if (!secret)
    throw failed(finding('key-secret-missing', { object }, { flags: flagsFor({ namespace, name }) }))
  return judgeKeySecret(secret, { namespace, name }, cluster)
}

async function judgeKeySecret(
  secret: Secret,
  id: KeySecretId,
  { env, signal }: Cluster,
): Promise<ClusterKey> {
  const object = secretOf(id)
  const { ageEntries, otherDataKeys } = await readKeySecret(secret, { env, signal })
  for (const { dataKey, badLine } of ageEntries)
    if (badLine)
      throw failed(
        unusableKey(id, { dataKey, reason: badLine.reason }, { object: `${object}, data key ${dataKey}` }),
      )
  const recipients = recipientsOf(ageEntries)
  const kinds = otherKinds(otherDataKeys)
  const hasPlugins = pluginLinesIn(ageEntries).length > 0
  if (recipients.length > 0 || hasPlugins) return { id, recipients, hasPlugins, kinds }
  if (kinds.length > 0) return { unchecked: finding('other-key', { object }, {}) }
  throw failed(noIdentity(id, { ageEntries, otherDataKeys }, { object }))
}

/**
 * Sees to it that a key opens a file: enough of its key groups.
 * @param file encrypted, as text
 * @param how `rule`: how the creation rule is called that it was encrypted by; `isOverruled`: but to other recipients
 * @returns what keeps that from being known; `undefined` where it opens it
 * @throws Verdict where it does not
 */
export async function checkKey(
  key: ClusterKey,
  file: string,
  { rule, isOverruled }: { rule: string; isOverruled: boolean },
): Promise<Finding | undefined> {
  if ('unchecked' in key) return key.unchecked
  const { id, recipients, hasPlugins, kinds } = key
  const object = secretOf(id)
  const [document] = (await readKeyGroups(file)) ?? []
  const { groups, threshold: needed } = document ?? { groups: [], threshold: 1 }
  const isOpened = ({ age }: KeyGroup) => age.some((recipient) => recipients.includes(recipient))
  const opened = groups.filter(isOpened).length
  if (opened >= needed) return undefined
  const may = ({ age, others }: KeyGroup) =>
    others.some((kind) => kinds.includes(kind)) || (hasPlugins && age.some(isPluginRecipient))
  const maybe = groups.filter((group) => isOpened(group) || may(group)).length
  if (maybe >= needed) return finding('other-key', { object }, {})
  if (groups.length > 1) throw failed(tooFewGroups(object, { needed, opened, groups: groups.length, rule }))
  const ofFile = groups.flatMap(({ age }) => age)
  if (isOverruled) throw failed(recipientWithoutKey(object, { inCluster: recipients, ofFile }))
  throw failed(wrongKey(id, { inCluster: recipients, ofFile, rule }))
}
