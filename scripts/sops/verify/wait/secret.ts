import { idOf, ownsSecret } from '../../../lib/cluster/flux-objects.ts'
import type { Secret } from '../../../lib/cluster/kube-objects.ts'
import { isCiphertext } from '../../../lib/sops/format.ts'
import { runAnnotation } from '../../test-secret/secret-manifest.ts'
import { failed } from '../findings/verdict.ts'
import type { Watching } from './watching.ts'

/** How long the watch of the Secret may lag behind that of the Kustomization which wrote it, in ms. */
const lagLimit = 3_000

/** The label that names the Kustomization which has applied an object (docs/decryption.md#inventory-and-pruning). */
const ownerLabel = 'kustomize.toolkit.fluxcd.io/name'

type SecretWatch = Pick<Watching, 'secrets' | 'secret'>

function liveSecret({ secrets, secret }: SecretWatch): Secret | undefined {
  return secrets.objects.get(`${secret.namespace}/${secret.name}`)
}

/** Whether the test Secret is in the cluster with the value that this run encrypted. */
export function hasArrived(watch: SecretWatch): boolean {
  return liveSecret(watch)?.data?.message === watch.secret.expected
}

/** Whether the test Secret of this run has left the cluster; another run may have put its own there. */
export function hasLeft(watch: SecretWatch): boolean {
  return liveSecret(watch)?.metadata.annotations?.[runAnnotation] !== watch.secret.run
}

/** Waits until the Secret in the cluster has the value that was encrypted. @throws Verdict that says what is wrong with it, without the value */
export async function waitForValue(watching: Watching): Promise<void> {
  const { view, secret, target, deadline } = watching
  const end = Math.min(deadline, Date.now() + lagLimit)
  if (await view.until(() => hasArrived(watching) || undefined, end)) return
  const object = `secret ${secret.namespace}/${secret.name}`
  const live = liveSecret(watching)
  if (!live)
    throw failed({ code: 'secret-absent', object, facts: { kustomization: idOf(target.kustomization) } })
  const value = Buffer.from(live.data?.message ?? '', 'base64').toString()
  // it may be another Kustomization whose path includes the same file
  const owner = live.metadata.labels?.[ownerLabel]
  if (isCiphertext(value)) throw failed({ code: 'ciphertext', object, facts: { owner } })
  throw failed({ code: 'value', object, facts: {} })
}

/** Waits until the Secret has left the cluster and the inventory. @throws Verdict where it has not */
export async function waitForPruning(watching: Watching): Promise<void> {
  const { view, secret, target, deadline } = watching
  const { namespace, name } = secret
  const id = idOf(target.kustomization)
  const isListed = () => {
    const kustomization = watching.kustomizations.objects.get(id)
    return kustomization !== undefined && ownsSecret(kustomization, namespace, name)
  }
  const end = Math.min(deadline, Date.now() + lagLimit)
  if (await view.until(() => (hasLeft(watching) && !isListed()) || undefined, end)) return
  const listedBy = hasLeft(watching) ? id : undefined
  throw failed({
    code: 'not-pruned',
    object: `secret ${namespace}/${name}`,
    facts: { namespace, name, listedBy },
  })
}
