import { follow } from '../../../lib/applied/same-repository.ts'
import { idOf, sourceIdOf } from '../../../lib/cluster/flux-objects.ts'
import type { Repository } from '../../../lib/git/git.ts'
import { usualKustomization } from '../../test-secret/default-kustomization.ts'
import { unclearTarget } from '../findings/target.ts'
import { notChecked } from '../findings/verdict.ts'
import { whyNoCarrier } from './carrier.ts'
import type { FluxObjects } from './flux-objects.ts'

const usual = `flux-system/${usualKustomization}`

/**
 * Chooses the Kustomization that is verified where the user names none: `infrastructure` in flux-system, else the only one that
 * a round trip from this repository can work with.
 * @returns its id, `namespace/name`
 * @throws Verdict with the candidates where it is not clear
 */
export async function chooseTarget(objects: FluxObjects, repository: Repository): Promise<string> {
  if (objects.kustomizations.has(usual)) return usual
  const able = [...objects.kustomizations.values()].filter(
    (one) => whyNoCarrier(one, objects.sources.get(sourceIdOf(one))) === undefined,
  )
  const followed = new Set<string>()
  for (const id of new Set(able.map(sourceIdOf))) {
    const source = objects.sources.get(id)
    if (source && (await follow([source], repository))) followed.add(id)
  }
  const candidates = able.filter((one) => followed.has(sourceIdOf(one))).map(idOf)
  const [only] = candidates
  if (only && candidates.length === 1) return only
  throw notChecked(unclearTarget(candidates))
}
