import { finding } from '../../../findings/finding.ts'
import { idOf, inventoryOf, type Kustomization } from '../../../lib/cluster/flux-objects.ts'
import type { Diagnosis } from '../../diagnosis.ts'
import { isSettled } from '../../live/settled.ts'
import { isRead, type Snapshot } from '../../snapshot/snapshot.ts'

/** Finds the Secrets and ConfigMaps that somebody has deleted behind the back of Flux. */
export function findDeleted(snapshot: Snapshot): Diagnosis[] {
  return [...snapshot.kustomizations.values()].flatMap((kustomization): Diagnosis[] => {
    const { suspend, kubeConfig } = kustomization.spec
    // while one is suspended, what its source has does not matter
    if (kubeConfig || !(suspend || isSettled(kustomization, snapshot))) return []
    const id = idOf(kustomization)
    const { name } = kustomization.metadata
    const facts = { kustomization: id, namespace: `${kustomization.metadata.namespace}`, name }
    return goneOf(kustomization, snapshot).map((object) => ({
      finding: suspend
        ? finding('object-missing-suspended', { object }, facts)
        : finding('object-missing', { object }, facts),
      stops: [id],
    }))
  })
}

function goneOf(kustomization: Kustomization, snapshot: Snapshot): string[] {
  const { secrets, configMaps, namespace: only } = snapshot
  const known = new Map([
    ['Secret', isRead(snapshot, 'secrets') ? secrets : undefined],
    ['ConfigMap', isRead(snapshot, 'configmaps') ? configMaps : undefined],
  ])
  return inventoryOf(kustomization).flatMap(({ group, kind, namespace, name }) => {
    const there = group === '' && (only === undefined || only === namespace) ? known.get(kind) : undefined
    const id = `${namespace}/${name}`
    return !there || there.has(id) ? [] : [`${kind.toLowerCase()} ${id}`]
  })
}
