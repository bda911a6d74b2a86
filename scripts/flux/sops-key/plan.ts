import { ageDataKey, isAgeEntry, isWatched, lastApplied, watchLabel } from '../../lib/cluster/key-secret.ts'
import { fieldManager } from '../../lib/cluster/kube-api.ts'
import type { KubeObject, ManagedFields, Secret } from '../../lib/cluster/kube-objects.ts'

/** What has to change in one namespace. */
export interface SecretPlan {
  namespace: string
  /** The Secret as it is, with `metadata.managedFields`. It holds a secret. */
  live: Secret | undefined
  result: 'created' | 'configured' | 'unchanged'
  /** What to apply. It holds the private key. */
  manifest: KubeObject
  /** The data key has another value now, or other entries go. */
  changesKey: boolean
  /** Other data keys with age identities, which go. */
  removes: string[]
  /** Field managers that own another value of the data key now and lose it. */
  takenFrom: string[]
  /** A copy of the key in an annotation has to go. */
  removeLastApplied: boolean
  /** Why the Secret can't be changed: it can only be deleted and made again. */
  obstacle: 'immutable' | 'type' | undefined
}

/**
 * Works out what has to change so that a Secret holds `value` under `age.agekey`.
 * @param live the Secret in the cluster, with `metadata.managedFields`
 * @param value the identities, one a line. A secret.
 * @param only whether its other age identities go
 */
export function planSecret(
  live: Secret | undefined,
  metadata: { name: string; namespace: string },
  value: string,
  only: boolean,
): SecretPlan {
  const data = { [ageDataKey]: Buffer.from(value).toString('base64') }
  const manifest = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { ...metadata, labels: watchLabel },
    type: 'Opaque',
    data,
  }
  const { namespace } = metadata
  if (!live)
    return {
      namespace,
      live,
      manifest,
      result: 'created',
      changesKey: true,
      removes: [],
      takenFrom: [],
      removeLastApplied: false,
      obstacle: undefined,
    }
  const sameValue = live.data?.[ageDataKey] === data[ageDataKey]
  const watched = isWatched(live)
  const removeLastApplied = live.metadata.annotations?.[lastApplied] !== undefined
  const removes = only
    ? Object.keys(live.data ?? {}).filter((dataKey) => isAgeEntry(dataKey) && dataKey !== ageDataKey)
    : []
  const isUnchanged = sameValue && watched && !removeLastApplied && removes.length === 0
  return {
    namespace,
    live,
    manifest,
    result: isUnchanged ? 'unchanged' : 'configured',
    changesKey: !sameValue || removes.length > 0,
    removes,
    takenFrom: sameValue ? [] : ownersOf(live.metadata.managedFields ?? []),
    removeLastApplied,
    obstacle: isUnchanged ? undefined : obstacleOf(live),
  }
}

function obstacleOf({ immutable, type }: Secret): SecretPlan['obstacle'] {
  if (immutable) return 'immutable'
  return type === 'Opaque' ? undefined : 'type'
}

function ownersOf(managedFields: ManagedFields[]): string[] {
  const owners = managedFields.filter(({ fieldsV1 }) => {
    const fields = fieldsV1 as { 'f:data'?: Record<string, unknown> } | undefined
    return fields?.['f:data']?.[`f:${ageDataKey}`] !== undefined
  })
  return [...new Set(owners.map(({ manager }) => manager))].filter((manager) => manager !== fieldManager)
}
