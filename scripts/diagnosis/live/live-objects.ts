import { inventoryIdOf, writerOf } from '../../lib/cluster/flux-objects.ts'
import type { KubeObject } from '../../lib/cluster/kube-objects.ts'
import type { AppliedObjects, Snapshot } from '../snapshot/snapshot.ts'

/** An object as the cluster has it. */
export interface LiveObject {
  /** As findings name it: `secret default/db`. */
  id: string
  group: string
  kind: string
  /** As inventories name it. */
  inventoryId: string
  /** The Kustomization that has applied it last, `namespace/name`; `undefined` where Flux did not. */
  writer: string | undefined
  /** May hold a secret. */
  object: KubeObject
}

/** All objects of a snapshot that Flux may have applied. */
export function liveObjects(
  { secrets, configMaps, kustomizations }: Snapshot,
  { others }: AppliedObjects,
): LiveObject[] {
  const of = (group: string, kind: string) => (object: KubeObject) => liveObject(group, kind, object)
  return [
    ...[...secrets.values()].map(of('', 'Secret')),
    ...[...configMaps.values()].map(of('', 'ConfigMap')),
    ...[...kustomizations.values()].map(of('kustomize.toolkit.fluxcd.io', 'Kustomization')),
    ...others.map(({ group, kind, object }) => liveObject(group, kind, object)),
  ]
}

function liveObject(group: string, kind: string, object: KubeObject): LiveObject {
  const { name, namespace, managedFields = [] } = object.metadata
  // other controllers copy objects with their labels
  const isFromFlux = managedFields.some(({ manager }) => manager === 'kustomize-controller')
  return {
    id: `${kind.toLowerCase()} ${namespace === undefined ? '' : `${namespace}/`}${name}`,
    group,
    kind,
    inventoryId: inventoryIdOf(object, group, kind),
    writer: isFromFlux ? writerOf(object) : undefined,
    object,
  }
}
