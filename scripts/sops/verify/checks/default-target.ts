import { follow } from '../../../lib/applied/same-repository.ts'
import {
  branchOf,
  type GitRepository,
  idOf,
  type Kustomization,
  sourceIdOf,
} from '../../../lib/cluster/flux-objects.ts'
import type { Repository } from '../../../lib/git.ts'
import { usualKustomization } from '../../test-secret/default-kustomization.ts'
import { unclearTarget } from '../findings/target.ts'
import { notChecked } from '../findings/verdict.ts'
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
  const followed = new Set<string>()
  for (const source of objects.sources.values())
    if (isUsable(source) && (await follow([source], repository))) followed.add(idOf(source))
  const all = [...objects.kustomizations.values()]
  const candidates = all.filter((one) => canCarry(one) && followed.has(sourceIdOf(one))).map(idOf)
  const [only] = candidates
  if (only && candidates.length === 1) return only
  throw notChecked(unclearTarget(candidates))
}

function isUsable(source: GitRepository): boolean {
  return !source.spec.suspend && branchOf(source) !== undefined
}

function canCarry({ spec }: Kustomization): boolean {
  const { decryption, prune, suspend, kubeConfig, sourceRef } = spec
  return (
    decryption?.provider === 'sops' && prune && !suspend && !kubeConfig && sourceRef.kind === 'GitRepository'
  )
}
