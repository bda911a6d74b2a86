import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { isAbsolute, join, relative, sep } from 'node:path'
import { testSecretFindings as found } from '../../findings/catalogue/test-secret.ts'
import { errorOf } from '../../findings/user-error.ts'

/** Where a test Secret is in a repository. */
export interface Place {
  /** The root of the repository or of a worktree, absolute. */
  root: string
  /** The directory that the Flux Kustomization builds, absolute. */
  path: string
  /** The name of the Secret, and of its directory below `path`. A DNS label. */
  name: string
}

/** The directory of a test Secret, absolute. */
export function directoryOf({ path, name }: Place): string {
  return join(path, name)
}

/**
 * The text of a file of a test Secret.
 * @param file its name in the directory of the test Secret
 * @returns `undefined` where it does not exist
 */
export function textOf(place: Place, file: string): string | undefined {
  const path = join(directoryOf(place), file)
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}

/**
 * Finds the directory that a Flux Kustomization builds.
 * @param root of the repository, absolute
 * @param name of the Kustomization, for messages
 * @param path its `spec.path`
 * @returns absolute
 * @throws UserError where it is not a directory of the repository: nothing is ever written elsewhere
 */
export function findPath(root: string, name: string, path = '.'): string {
  const directory = join(root, path)
  const facts = { kustomization: name, path }
  const inside = relative(root, directory)
  if (inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside))
    throw errorOf(found['path-outside'], facts)
  if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory())
    throw errorOf(found['path-no-directory'], facts)
  const real = relative(realpathSync(root), realpathSync(directory))
  if (real !== inside)
    throw errorOf(found['path-over-link'], {
      ...facts,
      real: real.startsWith('..') ? 'a directory of this repository' : `./${real}`,
    })
  return join(root, inside)
}
