import { annotate, apply, secrets } from '../../lib/cluster/kube-api.ts'
import type { Cluster } from '../../lib/cluster/kubectl.ts'
import { KubectlError } from '../../lib/cluster/kubectl-error.ts'
import { UserError } from '../../lib/errors.ts'
import { lastApplied, type SecretPlan } from './plan.ts'

/**
 * Does what is planned for one namespace, by one server-side apply, after a patch that takes the copy of kubectl out of the annotations; nothing where all is as it should be.
 * @param dryRun asks the API server whether it would accept it, and writes nothing
 * @throws KubectlError; UserError where somebody else changed the Secret since it was read. None of them holds the key.
 */
export async function writeSecret(
  cluster: Cluster,
  { live, manifest, namespace, result, removeLastApplied }: SecretPlan,
  dryRun: boolean,
): Promise<void> {
  if (result === 'unchanged') return
  const { name } = manifest.metadata
  const what = `cannot write secret ${namespace}/${name}`
  let { resourceVersion } = live?.metadata ?? {}
  if (removeLastApplied && !dryRun)
    resourceVersion = await annotate(cluster, secrets, { namespace, name }, { [lastApplied]: null })
  const metadata = resourceVersion ? { ...manifest.metadata, resourceVersion } : manifest.metadata
  try {
    await apply(cluster, what, secrets, { ...manifest, metadata }, { dryRun })
  } catch (error) {
    if (!(error instanceof KubectlError && error.problem === 'conflict')) throw error
    throw new UserError(`${what}: it was changed by somebody else at the same time`, { hint: 'run it again' })
  }
}
