import { statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { exit, Interrupted, UserError } from '../../lib/errors.ts'
import { type FileChange, keepIf, replaceFiles } from '../../lib/file-changes.ts'
import type { Repository } from '../../lib/git.ts'
import { encrypt } from '../../lib/sops/sops.ts'
import { type Key, type Proof, prove, removeFirst, whyNotBuilt } from './checks.ts'
import { makeSecret, secretFile } from './manifest.ts'
import { findTestSecret, type Place, refuseLastOfDirectory } from './place.ts'
import { checkExisting, planCreation, planRemoval } from './plan.ts'

export { findTestSecret } from './place.ts'

/** A Secret that proves that Flux decrypts. */
export interface TestSecret {
  /** The root of the repository or of a worktree, absolute. */
  root: string
  /** Where its files are: `<path of the Kustomization>/<name>`, absolute. */
  directory: string
  /** Of the Secret and of the directory. A DNS label. */
  name: string
  namespace: string
  /** Never empty, for SOPS does not encrypt that (observed.md C1). A secret. */
  message: string
  /** The id of the `sops:verify` run that makes it. */
  run?: string
}

interface Options {
  env: NodeJS.ProcessEnv
  signal?: AbortSignal | undefined
}

export interface CreateOptions extends Options {
  /** What the Flux Kustomization builds, absolute. */
  path: string
  /** Must decrypt the file; none: that stays unchecked. */
  key?: Key
}

export interface Created extends Proof {
  result: 'created' | 'unchanged'
  /** What was written, relative to the root. */
  files: string[]
  /** What was done to the files, for `putBack`. */
  changes: FileChange[]
}

export interface Removed {
  result: 'removed' | 'absent'
  /** What was deleted or changed, relative to the root. */
  files: string[]
  /** What was done to the files, for `putBack`. */
  changes: FileChange[]
  /** Why `kustomize build` fails, where it did so with the Secret as well. */
  problem: string | undefined
}

/**
 * Writes an encrypted test Secret into the path of a Flux Kustomization and lists it in the kustomization file there. Then
 * it is decrypted and compared, and the path is built; where that fails, the files are put back.
 *
 * @throws UserError where something else is at its place, no creation rule matches, the key does not fit or the path can't
 *   be built (exit 2), or where the directory would vanish from git with it (exit 1). Neither a message nor a file holds
 *   the plaintext or a key.
 */
export async function createTestSecret(secret: TestSecret, options: CreateOptions): Promise<Created> {
  const { root, directory, name } = secret
  const { path, key, ...rest } = options
  const repository: Repository = { root, ...rest }
  const place = { root, path, name }
  const what = `cannot create ${relative(root, directory)}`
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory())
    throw new UserError(`${what}: ${relative(root, path)} is not a directory of this repository`)
  if (findTestSecret(place)) {
    checkExisting(place, secret.namespace)
    if (!key)
      throw new UserError(`${what}: it is there already, and only a key can tell its message`, {
        hint: removeFirst,
      })
    return { result: 'unchanged', ...done(root, []), ...(await prove(secret, path, key, repository)) }
  }
  await refuseLastOfDirectory(place, repository)
  const [encrypted, problem] = await Promise.all([
    encrypt(makeSecret(secret), join(directory, secretFile), repository),
    whyNotBuilt(place, repository),
  ])
  if (problem) throw new UserError(`${what}: even without it, ${problem}`, { hint: 'nothing was changed' })
  const changes = planCreation(place, encrypted)
  return change(root, changes, what, async () => ({
    result: 'created',
    ...done(root, changes),
    ...(await prove(secret, path, key, repository)),
  }))
}

/**
 * Removes a test Secret and its entry in the kustomization file: the exact inverse of `createTestSecret`, as long as nobody
 * has edited the list since. Where the path can be built with the Secret and not without, the files are put back.
 *
 * @throws UserError where something else is at its place (exit 2), or where the directory would vanish from git (exit 1)
 */
export async function removeTestSecret(place: Place, options: Options): Promise<Removed> {
  const { root, path, name } = place
  const repository: Repository = { root, ...options }
  const what = `cannot remove ${relative(root, join(path, name))}`
  const found = findTestSecret(place)
  if (!found) return { result: 'absent', ...done(root, []), problem: undefined }
  if (!found.ours) throw new UserError(`${what}: sops:test-create did not make it, or not all of it`)
  const changes = planRemoval(place)
  await refuseLastOfDirectory(place, repository)
  const before = await whyNotBuilt(place, repository)
  return change(root, changes, what, async () => {
    const problem = await whyNotBuilt(place, repository)
    if (problem && !before) throw new UserError(`without it, ${problem}`)
    return { result: 'removed', ...done(root, changes), problem }
  })
}

function done(root: string, changes: FileChange[]) {
  return { files: changes.map(({ path }) => relative(root, path)), changes }
}

/** Changes files, and puts them back where `check` fails. @throws what `check` throws, with what could not be done */
async function change<T>(
  root: string,
  changes: readonly FileChange[],
  what: string,
  check: () => Promise<T>,
): Promise<T> {
  const shown = (file: string) => relative(root, file)
  replaceFiles(changes, shown)
  const lost: string[] = []
  try {
    return await keepIf(changes, { nameOf: shown, note: (line) => lost.push(line) }, check)
  } catch (error) {
    if (!(error instanceof UserError) || (error instanceof Interrupted && lost.length === 0)) throw error
    const left = lost.length > 0 ? lost : ['nothing was changed']
    throw new UserError(`${what}: ${error.message}`, {
      hint: [error.hint, ...left].filter(Boolean).join('; '),
      exitCode: error.exitCode === exit.no ? exit.no : exit.failed,
    })
  }
}
