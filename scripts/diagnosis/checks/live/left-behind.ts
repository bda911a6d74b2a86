import { finding } from '../../../findings/finding.ts'
import { someOf } from '../../../findings/some-of.ts'
import { shellWord } from '../../../lib/paths.ts'
import type { Diagnosis } from '../../diagnosis.ts'
import type { LiveObject } from '../../live/live-objects.ts'
import { isSettled } from '../../live/settled.ts'
import type { Snapshot } from '../../snapshot/snapshot.ts'

/** An object that nobody declares any more. */
interface Left {
  live: LiveObject
  writer: string
  /** `undefined`: its Kustomization is not in the cluster. */
  why: string | undefined
}

/** Finds the objects that Flux has applied and keeps no longer. */
export function findLeftBehind(objects: readonly LiveObject[], snapshot: Snapshot): Diagnosis[] {
  const listed = new Set(
    [...snapshot.kustomizations.values()].flatMap(
      ({ spec, status }) => (spec.kubeConfig ? [] : status?.inventory?.entries?.map(({ id }) => id)) ?? [],
    ),
  )
  const left = objects.flatMap((live) => (listed.has(live.inventoryId) ? [] : (leftOf(live, snapshot) ?? [])))
  // one command deletes in one namespace
  const groups = Map.groupBy(
    left,
    ({ live, writer, why }) => `${writer} ${why} ${live.object.metadata.namespace}`,
  )
  return [...groups.values()].flatMap((group): Diagnosis[] => {
    const [first] = group
    if (!first) return []
    const place = { object: `kustomization ${first.writer}` }
    const facts = {
      objects: someOf(
        group.map(({ live }) => live.id),
        3,
      ),
      command: deletionOf(group.map(({ live }) => live)),
    }
    return [
      first.why === undefined
        ? { finding: finding('owner-gone', place, facts), stops: [] }
        : { finding: finding('left-behind', place, { ...facts, why: first.why }), stops: [first.writer] },
    ]
  })
}

function leftOf(live: LiveObject, snapshot: Snapshot): Left | undefined {
  const { writer, object } = live
  const { annotations, ownerReferences = [] } = object.metadata
  // what a controller has made of another object goes with that
  if (writer === undefined || ownerReferences.length > 0) return undefined
  const kustomization = snapshot.kustomizations.get(writer)
  if (!kustomization) {
    const [namespace = ''] = writer.split('/')
    // a cluster that applies here from elsewhere has its Kustomizations in a namespace that need not be here
    return snapshot.namespaces?.has(namespace) ? { live, writer, why: undefined } : undefined
  }
  if (kustomization.spec.kubeConfig || !isSettled(kustomization, snapshot)) return undefined
  const isKept = `${annotations?.['kustomize.toolkit.fluxcd.io/prune']}`.toLowerCase() === 'disabled'
  if (isKept)
    return { live, writer, why: 'the annotation kustomize.toolkit.fluxcd.io/prune: disabled keeps it' }
  return kustomization.spec.prune ? undefined : { live, writer, why: 'spec.prune is false' }
}

function deletionOf(objects: readonly LiveObject[]): string {
  const namespace = objects[0]?.object.metadata.namespace
  const names = objects.map(
    ({ group, kind, object }) =>
      `${kind.toLowerCase()}${group === '' ? '' : `.${group}`}/${shellWord(object.metadata.name)}`,
  )
  return ['kubectl delete', ...(namespace === undefined ? [] : [`-n ${namespace}`]), ...names].join(' ')
}
