import { idOf } from '../cluster/flux-objects.ts'
import type { Secret } from '../cluster/kube-objects.ts'
import type { Repository } from '../git/git.ts'
import type { FluxUse } from './flux-use.ts'
import { findKeeper, type Keeper } from './keeper.ts'

/** Who keeps a Secret, with the files of the repository that declare it, relative to the root. */
export type Kept = Keeper & { files: string[] }

/** Finds who keeps a Secret. @param live as it is in the cluster */
export async function findKept(
  live: Secret,
  use: Pick<FluxUse, 'kustomizations'> | undefined,
  repository: Repository | undefined,
): Promise<Kept | undefined> {
  const keeper = findKeeper(live, use)
  if (keeper?.code !== 'kustomization' || !repository) return keeper && { ...keeper, files: [] }
  const kustomization = use?.kustomizations.find((one) => idOf(one) === keeper.kustomization)
  const { secretDeclaredIn } = await import('./declared-in.ts')
  const files = kustomization ? await secretDeclaredIn(kustomization, live.metadata.name, repository) : []
  return { ...keeper, files }
}
