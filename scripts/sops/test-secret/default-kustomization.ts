import { UserError } from '../../lib/errors.ts'
import type { Repository } from '../../lib/git/git.ts'
import { appliedOf, readKustomizations, unclear } from '../../lib/repository/find-kustomization.ts'
import { nameOf } from '../../lib/repository/flux-file.ts'
import type { KustomizationHere } from '../../lib/repository/kustomizations-here.ts'
import { textAt } from '../../lib/yaml/values.ts'
import { findTestSecret } from './found.ts'
import { findPath, type Place } from './place.ts'

/** The Kustomization that is taken where it is there and the user names none. */
export const usualKustomization = 'infrastructure'

/**
 * Chooses the Kustomization of a test Secret where the user names none: the one that has it already, else `infrastructure`, else
 * the only one that decrypts, else the only one.
 * @param name of the test Secret
 * @param isThere whether the test Secret must be there already
 * @throws UserError with the candidates where it is not clear
 */
export async function chooseKustomization(
  repository: Repository,
  name: string,
  isThere: boolean,
): Promise<KustomizationHere> {
  const all = await readKustomizations(repository)
  const usable = appliedOf(all).flatMap((kustomization) => {
    const place = placeIn(repository, kustomization, name)
    return place ? [{ kustomization, place }] : []
  })
  const choices = [
    usable.filter(({ place }) => isThere && findTestSecret(place)?.ours),
    usable.filter(({ kustomization }) => kustomization.name === usualKustomization),
    usable.filter(({ kustomization }) => textAt(kustomization.decryption, 'provider') === 'sops'),
    usable,
  ]
  const [first, ...others] = choices.find((list) => list.length > 0) ?? []
  if (first && others.length === 0) return first.kustomization
  const candidates = first ? [first, ...others].map(({ kustomization }) => kustomization) : all
  throw unclear('it is not clear which Flux Kustomization is meant:', candidates, '--kustomization', all)
}

/** @returns `undefined` where a test Secret can't be in the path of the Kustomization, or it is not a path of this repository */
function placeIn({ root }: Repository, one: KustomizationHere, name: string): Place | undefined {
  const { kind = 'GitRepository' } = one.sourceRef
  if (one.isElsewhere || kind !== 'GitRepository') return undefined
  try {
    return { root, path: findPath(root, nameOf(one), one.path), name }
  } catch (error) {
    if (error instanceof UserError) return undefined
    throw error
  }
}
