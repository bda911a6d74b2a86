import { fieldManager } from '../../lib/cluster/kube-api.ts'
import type { KubeObject, ManagedFields, Secret } from '../../lib/cluster/kube-objects.ts'

/** The data key that the controller reads identities from: any name that ends in `.agekey` (flux-sops.md 1.2). */
export const dataKey = 'age.agekey'

/** Makes the controller reconcile at once when the Secret changes (Flux 2.7; exactly this value: observed.md D1). */
const watchLabel = { 'reconcile.fluxcd.io/watch': 'Enabled' }

/** Where `kubectl apply` keeps a copy of what it sent, here the private key (flux-sops.md 5.27). */
export const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration'

export interface Plan {
  result: 'created' | 'configured' | 'unchanged'
  /** What to apply. It holds the private key. */
  manifest: KubeObject
  /** The data key has another value now. */
  changesKey: boolean
  /** Field managers that own another value of the data key now and lose it. */
  takenFrom: string[]
  /** A copy of the key in an annotation has to go. */
  removeLastApplied: boolean
}

/**
 * Works out what has to change so that a Secret holds `value` under `age.agekey`.
 * @param live the Secret in the cluster, with `metadata.managedFields`
 * @param value the identities, one a line. A secret.
 */
export function planSecret(
  live: Secret | undefined,
  metadata: { name: string; namespace: string },
  value: string,
): Plan {
  const data = { [dataKey]: Buffer.from(value).toString('base64') }
  const manifest = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { ...metadata, labels: watchLabel },
    type: 'Opaque',
    data,
  }
  if (!live) return { result: 'created', manifest, changesKey: true, takenFrom: [], removeLastApplied: false }
  const sameValue = live.data?.[dataKey] === data[dataKey]
  const watched = Object.entries(watchLabel).every(([key, label]) => live.metadata.labels?.[key] === label)
  const removeLastApplied = live.metadata.annotations?.[lastApplied] !== undefined
  const result = sameValue && watched && !removeLastApplied ? 'unchanged' : 'configured'
  return {
    result,
    manifest,
    changesKey: !sameValue,
    takenFrom: sameValue ? [] : ownersOf(live.metadata.managedFields ?? []),
    removeLastApplied,
  }
}

function ownersOf(managedFields: ManagedFields[]): string[] {
  const owners = managedFields.filter(({ fieldsV1 }) => {
    const fields = fieldsV1 as { 'f:data'?: Record<string, unknown> } | undefined
    return fields?.['f:data']?.[`f:${dataKey}`] !== undefined
  })
  return [...new Set(owners.map(({ manager }) => manager))].filter((manager) => manager !== fieldManager)
}
