import type { SeenBuild } from '../../lib/applied/seen-builds.ts'
import { idOf, type Kustomization } from '../../lib/cluster/flux-objects.ts'
import type { Evidence } from '../evidence.ts'

/** What a Kustomization builds at the revision that it has applied; `undefined` where the repository at hand does not show it. */
export type AppliedBuild = (kustomization: Kustomization) => Promise<SeenBuild | undefined>

/** @returns what finds the builds of Kustomizations */
export function finderOfApplied({ applied }: Evidence): AppliedBuild {
  return async (kustomization) => (await applied(new Set([idOf(kustomization)]))).builds[0]
}
