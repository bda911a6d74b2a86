import { builtDirectory, idOf, type Kustomization } from '../../../lib/cluster/flux-objects.ts'
import { type Snapshot, snapshotKeyOf } from '../../snapshot/snapshot.ts'

/**
 * Who applies a file, by its path alone: the Kustomization of the same source whose path is nearest above it.
 * @param file relative to the root of the source of `kustomization`
 * @returns `, which flux-system/crds applies`, as far as it is another one; else nothing
 */
export function applierOf(file: string, kustomization: Kustomization, { kustomizations }: Snapshot): string {
  const isAbove = (one: Kustomization) => {
    const directory = builtDirectory(one)
    return directory === '.' || file.startsWith(`${directory}/`)
  }
  const [nearest] = [...kustomizations.values()]
    .filter((one) => snapshotKeyOf(one) === snapshotKeyOf(kustomization) && isAbove(one))
    .toSorted((a, b) => builtDirectory(b).length - builtDirectory(a).length)
  return nearest && idOf(nearest) !== idOf(kustomization) ? `, which ${idOf(nearest)} applies` : ''
}
