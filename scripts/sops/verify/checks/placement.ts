import { finding } from '../../../findings/finding.ts'
import { idOf } from '../../../lib/cluster/flux-objects.ts'
import { get, type Resource } from '../../../lib/cluster/kube-api.ts'
import type { KubeObject } from '../../../lib/cluster/kube-objects.ts'
import type { Cluster } from '../../../lib/cluster/kubectl.ts'
import { KubectlError } from '../../../lib/cluster/kubectl-error.ts'
import { findMark } from '../../../lib/repository/marks.ts'
import { type Mapping, textAt } from '../../../lib/yaml/values.ts'
import type { TestSecretCaller } from '../../test-secret/checks.ts'
import type { Place } from '../../test-secret/place.ts'
import type { Built } from '../../test-secret/proof.ts'
import { runAnnotation } from '../../test-secret/secret-manifest.ts'
import { missingNamespace } from '../findings/target.ts'
import { failed, notChecked } from '../findings/verdict.ts'
import { buildAsFlux, changesBuild } from './flux-build.ts'
import type { Target } from './target.ts'

const namespaces: Resource = { api: '/api/v1', plural: 'namespaces' }

/**
 * Where Flux puts the test Secret of a run: what the spec of the Kustomization adds can change its namespace and its name once
 * more.
 * @param place in the worktree, where the files are
 * @param built what `kustomize build` makes of it without that
 * @throws Verdict where Flux leaves it out, or would not apply, decrypt or prune it
 */
export async function placeInCluster(
  { kustomization }: Target,
  place: Place,
  { run, built }: { run: string; built: Built },
  caller: TestSecretCaller,
): Promise<{ namespace: string; name: string }> {
  const objects = changesBuild(kustomization) ? await buildAsFlux(place, kustomization, caller) : undefined
  const object = `kustomization ${idOf(kustomization)}`
  const found = objects ? objects.find((one) => isOfRun(one, run)) : built.object
  if (!isOfRun(found, run)) throw failed(finding('taken-out', { object }, {}))
  const mark = findMark(found)
  if (mark) throw (mark.what === 'pruned' ? notChecked : failed)(finding('marked', { object }, mark))
  return {
    name: textAt(found, 'metadata', 'name') ?? built.name,
    namespace: textAt(found, 'metadata', 'namespace') ?? built.namespace,
  }
}

function isOfRun(object: unknown, run: string): boolean {
  return textAt(object, 'metadata', 'annotations', runAnnotation) === run
}

/**
 * Sees to it that the namespace of the test Secret is there, or comes with what the Kustomization builds.
 * @throws Verdict where it is neither; a user who may not know that goes on
 */
export async function requireNamespace(
  cluster: Cluster,
  { kustomization }: Target,
  namespace: string,
  { place, caller }: { place: Place; caller: TestSecretCaller },
): Promise<void> {
  try {
    const what = `cannot read namespace ${namespace}`
    if (await get<KubeObject>(cluster, what, namespaces, { namespace: '', name: namespace })) return
  } catch (error) {
    if (!(error instanceof KubectlError)) throw error
    if (error.problem === 'forbidden') return
    if (error.problem !== 'no-namespace') throw error
  }
  const objects = await buildAsFlux(place, kustomization, caller)
  const isBuilt = (object: Mapping) =>
    textAt(object, 'kind') === 'Namespace' && textAt(object, 'metadata', 'name') === namespace
  if (!objects || objects.some(isBuilt)) return
  const isTarget = kustomization.spec.targetNamespace === namespace
  throw failed(missingNamespace(namespace, { kustomization: idOf(kustomization), isTarget }))
}
