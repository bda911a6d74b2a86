import { idOf, ownsSecret, secretsOf } from '../../../lib/cluster/flux-objects.ts'
import { secrets } from '../../../lib/cluster/kube-api.ts'
import type { Secret } from '../../../lib/cluster/kube-objects.ts'
import { testName } from '../branch/branch-secret.ts'
import type { ClusterSecret } from '../checks/cluster-secret.ts'
import type { Watching } from './watching.ts'

/** How long the API server may take until it lets the Secret be watched, in ms. */
const watchLimit = 10_000

/**
 * Looks where the test Secret was put: the inventory of the Kustomization says it, whatever was expected. From then on it is
 * watched there.
 * @returns the test Secret with its place
 */
export async function followInventory(watching: Watching): Promise<ClusterSecret> {
  const { secret, target, view, witness } = watching
  const now = watching.kustomizations.objects.get(idOf(target.kustomization))
  if (!now || ownsSecret(now, secret.namespace, secret.name)) return secret
  const isNew = ({ namespace, name }: { namespace: string; name: string }) =>
    name.includes(testName) && !ownsSecret(target.kustomization, namespace, name)
  const [place, ...others] = secretsOf(now).filter(isNew)
  if (!place || others.length > 0) return secret
  const moved = { ...secret, ...place }
  witness.expect(moved)
  const what = `cannot watch secret ${place.namespace}/${place.name}`
  const watched = view.watch<Secret>(what, secrets, place, { seen: witness.seeSecret })
  Object.assign(watching, { secret: moved, secrets: watched })
  await view.until(() => watched.isOpen || undefined, Date.now() + watchLimit)
  return moved
}
