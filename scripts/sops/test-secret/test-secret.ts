import { statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { Interrupted, UserError } from '../../lib/errors.ts'
import { type FileChange, keepIf, replaceFiles } from '../../lib/file-changes.ts'
import { namesFrom } from '../../lib/paths.ts'
import { encrypt } from '../../lib/sops/sops.ts'
import {
  checkExisting,
  refuseLastOfDirectory,
  removeFirst,
  type TestSecretCaller,
  whyNotBuilt,
} from './checks.ts'
import { findTestSecret } from './found.ts'
import { directoryOf, type Place } from './place.ts'
import { planCreation, planRemoval } from './plan.ts'
import { type AgeKey, type Proof, prove } from './proof.ts'
import { makeSecret, secretFile, type TestContent } from './secret-manifest.ts'

/** What was done to the files of a test Secret. */
export interface ChangedFiles {
  /** Those that were written, changed or deleted, relative to the root. */
  files: string[]
  /** The same with the texts, to take it back (`keepIf`). */
  changes: FileChange[]
}

/** What `createTestSecret` has done. */
export interface Created extends ChangedFiles, Proof {
  result: 'created' | 'unchanged'
}

/** What `removeTestSecret` has done. */
export interface Removed extends ChangedFiles {
  result: 'removed' | 'absent'
  /** Why `kustomize build` fails, where it did so with the Secret as well. */
  problem: string | undefined
}

/**
 * Writes an encrypted test Secret into the path of a Flux Kustomization and lists it in the kustomization file there. Then
 * it is decrypted and compared, and the path is built; where that fails, the files are put back.
 *
 * @param options `key` must decrypt the file; without one, that stays unchecked
 * @throws UserError where something else is at its place, no creation rule matches, the key does not fit or the path cannot
 *   be built (exit 2), or where the directory would vanish from git with it (exit 1). Neither a message nor a file holds
 *   the plaintext or a key.
 */
export async function createTestSecret(
  place: Place,
  content: TestContent,
  { key, ...caller }: TestSecretCaller & { key?: AgeKey },
): Promise<Created> {
  const { root, path, name } = place
  const nameOf = namesFrom(caller.cwd)
  const what = `cannot create ${nameOf(directoryOf(place))}`
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory())
    throw new UserError(`${what}: ${nameOf(path)} is not a directory of this repository`)
  if (findTestSecret(place)) {
    checkExisting(place, content.namespace, caller)
    if (!key)
      throw new UserError(`${what}: it is there already, and only a key can tell its message`, {
        hint: removeFirst,
      })
    return { result: 'unchanged', ...changedFiles(root, []), ...(await prove(place, content, key, caller)) }
  }
  await refuseLastOfDirectory(place, caller)
  const { env, signal } = caller
  const file = join(directoryOf(place), secretFile)
  const [encrypted, problem] = await Promise.all([
    encrypt(makeSecret(name, content), file, { root, env, signal }, nameOf),
    whyNotBuilt(place, caller),
  ])
  if (problem) throw new UserError(`${what}: even without it, ${problem}`, { hint: 'nothing was changed' })
  const changes = planCreation(place, encrypted, caller.cwd)
  return change(changes, what, caller, async () => ({
    result: 'created',
    ...changedFiles(root, changes),
    ...(await prove(place, content, key, caller)),
  }))
}

/**
 * Removes a test Secret and its entry in the kustomization file: the exact inverse of `createTestSecret`, as long as nobody
 * has edited the list since. Where the path can be built with the Secret and not without, the files are put back.
 *
 * @throws UserError where something else is at its place (exit 2), or where the directory would vanish from git (exit 1)
 */
export async function removeTestSecret(place: Place, caller: TestSecretCaller): Promise<Removed> {
  const { root } = place
  const what = `cannot remove ${namesFrom(caller.cwd)(directoryOf(place))}`
  const found = findTestSecret(place)
  if (!found) return { result: 'absent', ...changedFiles(root, []), problem: undefined }
  if (!found.ours) throw new UserError(`${what}: sops:test-create did not make it, or not all of it`)
  const changes = planRemoval(place, caller.cwd)
  await refuseLastOfDirectory(place, caller)
  const before = await whyNotBuilt(place, caller)
  return change(changes, what, caller, async () => {
    const problem = await whyNotBuilt(place, caller)
    if (problem && !before) throw new UserError(`without it, ${problem}`)
    return { result: 'removed', ...changedFiles(root, changes), problem }
  })
}

function changedFiles(root: string, changes: FileChange[]): ChangedFiles {
  return { files: changes.map(({ path }) => relative(root, path)), changes }
}

/** Changes files, and takes that back where `check` fails. @throws what `check` throws, behind what could not be done */
async function change<T>(
  changes: readonly FileChange[],
  what: string,
  { cwd, note }: TestSecretCaller,
  check: () => Promise<T>,
): Promise<T> {
  const nameOf = namesFrom(cwd)
  replaceFiles(changes, nameOf)
  try {
    return await keepIf(changes, { nameOf, note }, check)
  } catch (error) {
    if (!(error instanceof UserError) || error instanceof Interrupted) throw error
    throw new UserError(`${what}: ${error.message}`, {
      ...(error.hint !== undefined && { hint: error.hint }),
      exitCode: error.exitCode,
    })
  }
}
