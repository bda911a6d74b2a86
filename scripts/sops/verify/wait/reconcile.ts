import { finding } from '../../../findings/finding.ts'
import { type FluxSource, idOf, type Kustomization } from '../../../lib/cluster/flux-objects.ts'
import { annotate, type Resource } from '../../../lib/cluster/kube-api.ts'
import { KubectlError } from '../../../lib/cluster/kubectl-error.ts'
import type { Watching } from './watching.ts'

/** The controllers reconcile at once when this changes; any new value will do (docs/decryption.md#when-a-kustomization-reconciles). */
const requestedAt = 'reconcile.fluxcd.io/requestedAt'

/**
 * Tells Flux to reconcile an object at once. That is only help, so nothing that keeps it from being told is an error; where the
 * user may not, a finding says that it takes longer.
 * @returns the value that the controller copies to `lastHandledReconcileAt` when it is done; `undefined` where the API server
 *   did not take it and may do so later
 */
export async function requestReconcile(
  { cluster, findings }: Pick<Watching, 'cluster' | 'findings'>,
  resource: Resource,
  object: Kustomization | FluxSource,
): Promise<string | undefined> {
  const { namespace, name } = object.metadata
  const value = new Date().toISOString()
  try {
    await annotate(cluster, resource, { namespace: `${namespace}`, name }, { [requestedAt]: value })
  } catch (error) {
    if (!(error instanceof KubectlError)) throw error
    if (error.problem !== 'forbidden') return undefined
    const what = `${object.kind.toLowerCase()} ${idOf(object)}`
    if (!findings.some(({ object }) => object === what)) findings.push(finding('slow', { object: what }, {}))
  }
  return value
}
