import { join, relative } from 'node:path'
import { testSecretFindings as found } from '../../findings/catalogue/test-secret.ts'
import { describeNotApplied } from '../../findings/not-applied.ts'
import { errorOf } from '../../findings/user-error.ts'
import type { Caller } from '../../lib/caller.ts'
import type { UserError } from '../../lib/errors.ts'
import { type Repository, repositoryRoot } from '../../lib/git/git.ts'
import { kustomizationFilesIn } from '../../lib/kustomize/build.ts'
import { findKustomization } from '../../lib/repository/find-kustomization.ts'
import { nameOf } from '../../lib/repository/flux-file.ts'
import type { KustomizationHere } from '../../lib/repository/kustomizations-here.ts'
import { chooseKustomization } from './default-kustomization.ts'
import { findPath, type Place } from './place.ts'

/** Where the test Secret of a user goes. */
export interface Destination {
  repository: Repository
  /** The Flux Kustomization that is to build it. */
  kustomization: KustomizationHere
  place: Place
}

/**
 * Finds where a test Secret goes in the repository that the user stands in.
 * @param wanted `kustomization`: as `findKustomization` takes it, `undefined` where it is to be chosen;
 *   `name`: of the test Secret
 * @param isThere whether the test Secret must be there already, to be removed
 * @throws UserError where it is not clear which Kustomization is meant, its path is not in the repository, or a Secret that is
 *   to be made there would be built by nothing
 */
export async function findDestination(
  wanted: { kustomization: string | undefined; name: string },
  { cwd, env, signal }: Caller,
  isThere: boolean,
): Promise<Destination> {
  const { name } = wanted
  checkName('--name', name)
  const root = await repositoryRoot(cwd, env)
  const repository = { root, env, signal }
  const kustomization =
    wanted.kustomization === undefined
      ? await chooseKustomization(repository, name, isThere)
      : await findKustomization(repository, wanted.kustomization, '--kustomization', cwd)
  if (!isThere && kustomization.isElsewhere) throw builtElsewhere(kustomization)
  if (!isThere && kustomization.notApplied?.why === 'incomplete')
    throw errorOf(found['nothing-applies'], {
      kustomization: nameOf(kustomization),
      why: describeNotApplied(kustomization.notApplied),
    })
  const path = findPath(root, nameOf(kustomization), kustomization.path)
  return { repository, kustomization, place: { root, path, name } }
}

function builtElsewhere(kustomization: KustomizationHere): UserError {
  const { sourceRef, path = '.' } = kustomization
  const source = [sourceRef.kind, sourceRef.name].filter(Boolean).join(' ')
  return errorOf(found['other-source'], { kustomization: nameOf(kustomization), path, source })
}

/** What a test Secret may change, relative to the root: to be checked before its commit. */
export function pathsOf({ root, path, name }: Place): string[] {
  return [name, ...kustomizationFilesIn(path)].map((file) => relative(root, join(path, file)))
}

/**
 * Checks a name of Kubernetes, which becomes a path as well.
 * @param flag the flag that it comes from: `--name`
 * @throws UserError where it is no DNS label
 */
export function checkName(flag: string, name: string): void {
  // https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-label-names
  if (/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name)) return
  throw errorOf(found['name-not-allowed'], { flag, name })
}
