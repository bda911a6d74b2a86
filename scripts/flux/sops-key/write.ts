import { changedMeanwhile, notUndone, putBack } from '../../findings/secret-writes.ts'
import { ageDataKey, lastApplied } from '../../lib/cluster/key-secret.ts'
import { annotate, apply, fieldManager, get, merge, remove, secrets } from '../../lib/cluster/kube-api.ts'
import type { Secret } from '../../lib/cluster/kube-objects.ts'
import type { Cluster } from '../../lib/cluster/kubectl.ts'
import { KubectlError } from '../../lib/cluster/kubectl-error.ts'
import { UserError } from '../../lib/errors.ts'
import type { SecretPlan } from './plan.ts'

/**
 * Does what is planned for all namespaces or for none, and reads the Secrets back.
 * @param dryRun asks the API server whether it would accept it, and writes nothing
 * @throws KubectlError; UserError where somebody else has changed a Secret since it was read, or has put the old key back. None
 *   of them holds the key.
 */
export async function writeSecrets(
  cluster: Cluster,
  plans: readonly SecretPlan[],
  dryRun: boolean,
): Promise<void> {
  const changing = plans.filter(({ result }) => result !== 'unchanged')
  // a namespace that is missing or forbidden shows only when it is written to
  if (changing.length > 1 || dryRun) for (const plan of changing) await writeSecret(cluster, plan, true)
  if (dryRun) return
  const written: SecretPlan[] = []
  try {
    for (const plan of changing) await writeSecret(cluster, plan, false, () => written.push(plan))
  } catch (error) {
    await undo(cluster, written, error)
  }
  await Promise.all(changing.map((plan) => checkWritten(cluster, plan)))
}

/**
 * By one server-side apply; a copy of kubectl in the annotations goes before it, other identities behind it.
 * @param applied is called when the new key is there
 */
async function writeSecret(
  cluster: Cluster,
  { live, manifest, namespace, removeLastApplied, removes }: SecretPlan,
  dryRun: boolean,
  applied = () => {},
): Promise<void> {
  const { name } = manifest.metadata
  const what = `cannot write secret ${namespace}/${name}`
  let { resourceVersion } = live?.metadata ?? {}
  if (removeLastApplied && !dryRun)
    resourceVersion = await withoutCopy(cluster, { namespace, name }, resourceVersion, what)
  const metadata = resourceVersion ? { ...manifest.metadata, resourceVersion } : manifest.metadata
  try {
    // one that somebody has made since it was read is theirs
    await apply(cluster, what, secrets, { ...manifest, metadata }, { dryRun, force: live !== undefined })
    applied()
  } catch (error) {
    if (!(error instanceof KubectlError && error.problem === 'conflict')) throw error
    throw changedMeanwhile(what)
  }
  if (removes.length === 0 || dryRun) return
  const data = Object.fromEntries(removes.map((dataKey) => [dataKey, null]))
  await merge(cluster, what, secrets, { namespace, name }, { data })
}

/** Takes back what was written. @throws `error`; or UserError where that cannot be taken back */
async function undo(cluster: Cluster, plans: readonly SecretPlan[], error: unknown): Promise<never> {
  const left: string[] = []
  for (const { live, namespace, manifest, removes } of plans) {
    const { name } = manifest.metadata
    const what = `cannot put secret ${namespace}/${name} back`
    const old = (dataKey: string) => [dataKey, live?.data?.[dataKey] ?? null]
    const data = Object.fromEntries([ageDataKey, ...removes].map(old))
    try {
      if (live) await merge(cluster, what, secrets, { namespace, name }, { data })
      else if (await isOurs(cluster, what, { namespace, name }))
        await remove(cluster, what, secrets, { namespace, name })
    } catch (again) {
      if (!(again instanceof KubectlError)) throw again
      left.push(namespace)
    }
  }
  if (left.length === 0 || !(error instanceof UserError)) throw error
  throw notUndone(error, left)
}

/** Whether nobody else has written to a Secret. */
async function isOurs(
  cluster: Cluster,
  what: string,
  object: { namespace: string; name: string },
): Promise<boolean> {
  const found = await get<Secret>(cluster, what, secrets, object)
  return found?.metadata.managedFields?.every(({ manager }) => manager === fieldManager) ?? false
}

/** @returns `metadata.resourceVersion` after the copy of kubectl is gone @throws UserError where it was changed since it was read */
async function withoutCopy(
  cluster: Cluster,
  object: { namespace: string; name: string },
  resourceVersion: string | undefined,
  what: string,
): Promise<string> {
  try {
    return await annotate(cluster, secrets, object, { [lastApplied]: null }, resourceVersion)
  } catch (error) {
    if (!(error instanceof KubectlError && error.problem === 'conflict')) throw error
    throw changedMeanwhile(what)
  }
}

/** Sees to it that the Secret holds what was written: somebody may keep it as it was. @throws UserError */
async function checkWritten(cluster: Cluster, { namespace, manifest, removes }: SecretPlan): Promise<void> {
  const { name } = manifest.metadata
  const what = `cannot read secret ${namespace}/${name} back`
  const found = await get<Secret>(cluster, what, secrets, { namespace, name })
  const isThere = found?.data?.[ageDataKey] === (manifest as Secret).data?.[ageDataKey]
  if (!isThere || removes.some((dataKey) => found?.data?.[dataKey] !== undefined))
    throw putBack(`${namespace}/${name}`)
}
