import { setTimeout as sleep } from 'node:timers/promises'
import { finding } from '../../../findings/finding.ts'
import { secondOwner } from '../../../findings/second-owner.ts'
import { idOf, ownsSecret } from '../../../lib/cluster/flux-objects.ts'
import type { Secret } from '../../../lib/cluster/kube-objects.ts'
import { findMark } from '../../../lib/repository/marks.ts'
import { runAnnotation } from '../../test-secret/secret-manifest.ts'
import type { OtherBuilder } from '../checks/other-builders.ts'
import { stillListed, stillThere } from '../findings/secret.ts'
import { failed } from '../findings/verdict.ts'
import type { SeenObject } from '../session.ts'
import type { Watching } from './watching.ts'

/** How long the watch of the Secret may lag behind that of the Kustomization which wrote it, in ms. */
const lagLimit = 3_000

/** How long it is watched behind its end whether somebody brings it back, in ms. */
const settleTime = 100

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

/**
 * Sees to it that nothing but the right value was ever in the Secret, and that one Kustomization alone has applied it.
 * @param others that build it as well
 * @throws Verdict that names them
 */
export function requireOneWriter(
  { witness, secret, target, kustomizations }: Watching,
  others: readonly OtherBuilder[],
): void {
  const doubt = witness.doubt()
  if (!doubt) return
  const object = `secret ${secret.namespace}/${secret.name}`
  const { wrong, writer } = doubt
  if (doubt.others.length === 0) {
    if (wrong === 'ciphertext')
      throw failed(finding('ciphertext', { object }, { owner: writer ?? 'unknown' }))
    throw failed(finding('value', { object }, {}))
  }
  const owners = doubt.others.map((id) => {
    const builder = others.find(({ kustomization }) => idOf(kustomization) === id)
    const spec = kustomizations.objects.get(id)?.spec
    return {
      id,
      decrypts: spec && spec.decryption !== undefined,
      takesIn: builder?.takesIn,
      directory: builder?.directory,
    }
  })
  const facts = { kustomization: idOf(target.kustomization), owners, wrong, writer }
  throw failed(secondOwner(object, facts))
}

/**
 * Waits until the Secret in the cluster has the value that was encrypted.
 * @returns which object that was
 * @throws Verdict that says what is wrong with it, without the value
 */
export async function waitForValue(watching: Watching): Promise<SeenObject> {
  const { view, secret, target, deadline } = watching
  const end = Math.min(deadline, Date.now() + lagLimit)
  const arrived = await view.until(() => (hasArrived(watching) ? liveSecret(watching) : undefined), end)
  if (arrived) return { uid: arrived.metadata.uid, resourceVersion: arrived.metadata.resourceVersion }
  requireOneWriter(watching, [])
  const object = `secret ${secret.namespace}/${secret.name}`
  const live = liveSecret(watching)
  if (!live)
    throw failed(
      finding(
        isListed(watching) ? 'secret-deleted' : 'secret-absent',
        { object },
        { kustomization: idOf(target.kustomization) },
      ),
    )
  throw failed(finding('value', { object }, {}))
}

/** Waits until the Secret has left the cluster and the inventory, and does not come back. @throws Verdict where it has not */
export async function waitForPruning(watching: Watching): Promise<void> {
  const { view, secret, target, deadline } = watching
  const end = Math.min(deadline, Date.now() + lagLimit)
  if (await view.until(() => (hasLeft(watching) && !isListed(watching)) || undefined, end)) {
    await sleep(settleTime, undefined, { signal: watching.cluster.signal })
    return
  }
  if (hasLeft(watching)) throw failed(stillListed(secret, target.kustomization))
  const live = liveSecret(watching)
  const { finalizers = [] } = live?.metadata ?? {}
  throw failed(stillThere(secret, { finalizers, isKept: findMark(live) !== undefined }))
}

function isListed({ kustomizations, target, secret }: Watching): boolean {
  const kustomization = kustomizations.objects.get(idOf(target.kustomization))
  return kustomization !== undefined && ownsSecret(kustomization, secret.namespace, secret.name)
}
