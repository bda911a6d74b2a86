import { gitRepositories, type Kustomization, kustomizations } from '../../../../lib/cluster/flux-objects.ts'
import { list, type Resource } from '../../../../lib/cluster/kube-api.ts'
import type { KubeObject } from '../../../../lib/cluster/kube-objects.ts'
import { managedBy, runAnnotation } from '../../../test-secret/secret-manifest.ts'
import { isAtWork } from '../../../verify/run-id.ts'
import { listCanaries } from './branch.ts'
import { type CanaryRemote, type CanarySession, canaryPlace, canaryPrefix } from './canary.ts'
import { canaryNamespace } from './objects.ts'
import { removeCanary } from './remove.ts'

/** How long the removal of all of them may take, in ms. */
const sweepLimit = 30_000

/**
 * Removes what canaries have left that were killed: their objects in the namespaces of this proof, and their branches. Those of
 * a run that may be at work are left alone.
 * @throws KubectlError; CommandError where the remote does not say its branches
 */
export async function sweepCanaries(session: CanarySession, to: CanaryRemote): Promise<void> {
  const { cluster, view, deadline, findings, options } = session
  const label = managedBy.join('=')
  const listed = async <T extends KubeObject>(resource: Resource, { metadata }: KubeObject) => {
    const scope = { namespace: metadata.namespace, label }
    return (await list<T>(cluster, `cannot list ${resource.plural}`, resource, scope)).items
  }
  const [found, sources, branches] = await Promise.all([
    listed<Kustomization>(kustomizations, options.kustomization),
    listed<KubeObject>(gitRepositories, options.source),
    listCanaries(to),
  ])
  const runs = new Set(branches.map((branch) => branch.slice(canaryPrefix.length)))
  for (const { metadata } of [...found, ...sources]) {
    const run = metadata.annotations?.[runAnnotation]
    if (metadata.name.startsWith(canaryPrefix) && run) runs.add(run)
  }
  const until = Math.min(deadline, Date.now() + sweepLimit)
  for (const run of [...runs].filter((one) => !isAtWork(one))) {
    const own = found.find(({ metadata }) => metadata.annotations?.[runAnnotation] === run)
    const place = canaryPlace(run, options, own?.spec.targetNamespace ?? canaryNamespace(options))
    const left = await removeCanary(place, { cluster, view, to, deadline: until })
    findings.push(...left)
    if (left.length === 0) options.caller.note(`removed what a killed canary had left: ${place.branch}`)
  }
}
