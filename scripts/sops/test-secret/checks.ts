import { existsSync } from 'node:fs'
import { join, relative } from 'node:path'
import { testSecretFindings as entries } from '../../findings/catalogue/test-secret.ts'
import { errorOf } from '../../findings/user-error.ts'
import type { Caller } from '../../lib/caller.ts'
import { CommandError, exit } from '../../lib/errors.ts'
import { listFiles } from '../../lib/git/git.ts'
import { build, kustomizationFilesIn } from '../../lib/kustomize/build.ts'
import { hasResource } from '../../lib/kustomize/resources.ts'
import { namesFrom } from '../../lib/paths.ts'
import type { Found } from './found.ts'
import { kustomizationFile } from './kustomization.ts'
import { directoryOf, type Place } from './place.ts'
import { readList } from './plan.ts'

/** For whom a test Secret is made or removed: messages call files by their path from `cwd`. */
export type TestSecretCaller = Pick<Caller, 'cwd' | 'env' | 'signal' | 'note'>

/** How long kustomize may take, which can fetch remote resources, in ms. */
const buildLimit = 120_000

/**
 * Sees to it that what is at the place of a test Secret is one of ours, whole, and what is wanted.
 * @param found what is there
 * @returns its file, relative to its directory
 * @throws UserError where it is not
 */
export function checkExisting(
  place: Place,
  found: Found,
  { namespace, fileName }: { namespace: string; fileName: string | undefined },
  { cwd }: TestSecretCaller,
): string {
  const directory = namesFrom(cwd)(directoryOf(place))
  if (!found.ours) throw errorOf(entries['place-taken'], { directory })
  const list = readList(place, cwd)
  const isListed = !list || hasResource(list.text, place.name)
  const isWhole = isListed && existsSync(join(directoryOf(place), kustomizationFile))
  const how = !isWhole
    ? 'but not all of it'
    : found.namespace !== namespace
      ? `for the namespace ${found.namespace}`
      : fileName !== undefined && fileName !== found.file && `as ${found.file}`
  if (!how) return found.file
  throw errorOf(entries['test-secret-differs'], { directory, how })
}

/**
 * Sees to it that the directory of the Kustomization stays in git when the test Secret goes: without it, Flux fails and
 * prunes nothing (docs/decryption.md#inventory-and-pruning).
 * @throws UserError (exit 1) where the test Secret is, or would be, all that is in it
 */
export async function refuseLastOfDirectory(
  place: Place,
  { cwd, env, signal }: TestSecretCaller,
): Promise<void> {
  const { root, path } = place
  const directory = relative(root, path)
  const own = `${relative(root, directoryOf(place))}/`
  const files = await listFiles({ root, env, signal }, directory === '' ? [] : [directory])
  if (files.some((file) => !file.startsWith(own))) return
  throw errorOf(entries['directory-vanishes'], { directory: namesFrom(cwd)(path) }, { exitCode: exit.no })
}

/**
 * Why the path of a Kustomization cannot be built.
 * @returns `undefined` where it can, or where there is no kustomization file, so that Flux includes every manifest
 */
export async function whyNotBuilt(place: Place, caller: TestSecretCaller): Promise<string | undefined> {
  if (kustomizationFilesIn(place.path).length === 0) return undefined
  try {
    await buildDirectory(place.path, place, caller)
    return undefined
  } catch (error) {
    if (error instanceof CommandError) return error.message
    throw error
  }
}

/** What `kustomize build` makes of a directory in the repository of a test Secret. @throws as `build` */
export async function buildDirectory(
  directory: string,
  { root }: Place,
  { cwd, env, signal }: TestSecretCaller,
): Promise<string> {
  return build(directory, { cwd: root, nameOf: namesFrom(cwd), env, signal, timeout: buildLimit })
}
