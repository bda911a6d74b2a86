import { conditionOf, dependenciesOf, type Kustomization } from '../../../lib/cluster/flux-objects.ts'

/** Whether all that a Kustomization depends on is ready: as long as it is not, the controller does not begin. */
export function areDependenciesReady(
  kustomization: Kustomization,
  objects: ReadonlyMap<string, Kustomization>,
): boolean {
  return dependenciesOf(kustomization).every((id) => {
    const found = objects.get(id)
    return found === undefined || conditionOf(found, 'Ready')?.status === 'True'
  })
}

/** Whether a Kustomization has said that it waits for others; by itself it looks again only after 30 s. */
export function waitsForDependencies(kustomization: Kustomization): boolean {
  return conditionOf(kustomization, 'Ready')?.reason === 'DependencyNotReady'
}
