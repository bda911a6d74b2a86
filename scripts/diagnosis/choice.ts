import { UserError } from '../lib/errors.ts'
import type { Diagnosis } from './diagnosis.ts'
import type { Snapshot } from './snapshot/snapshot.ts'

/**
 * What the user wants to know of.
 * @param names `apps` (in flux-system) or `namespace/name`; none: all
 * @returns whether a diagnosis concerns one of them
 * @throws UserError for one that is not in the cluster
 */
export function chosen(names: readonly string[], snapshot: Snapshot): (diagnosis: Diagnosis) => boolean {
  if (names.length === 0) return () => true
  const ids = chosenIds(names, snapshot)
  // what could not be read may be about any of them
  const isOfAll = ({ finding: { code } }: Diagnosis) => code === 'kind-unseen' || code === 'api-broken'
  return (diagnosis) => isOfAll(diagnosis) || ids.some((id) => diagnosis.stops.includes(id))
}

/** The Kustomizations of these names, `namespace/name`. @throws UserError for one that is not in the cluster */
export function chosenIds(names: readonly string[], { kustomizations, context }: Snapshot): string[] {
  const ids = names.map((name) => (name.includes('/') ? name : `flux-system/${name}`))
  for (const id of ids)
    if (!kustomizations.has(id))
      throw new UserError(`there is no Kustomization ${id} in the cluster of context ${context}`, {
        hint: `there are: ${[...kustomizations.keys()].join(', ') || 'none'}`,
      })
  return ids
}
