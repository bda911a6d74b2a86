import { statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { testSecretFindings as entries } from '../../findings/catalogue/test-secret.ts'
import { errorOf } from '../../findings/user-error.ts'
import { CommandError, Interrupted, UserError } from '../../lib/errors.ts'
import { type FileChange, keepIf, replaceFiles } from '../../lib/file-changes.ts'
import { namesFrom } from '../../lib/paths.ts'
import type { Selected } from '../../lib/sops/creation-rules.ts'
import { encrypt } from '../../lib/sops/sops.ts'
import { checkExisting, refuseLastOfDirectory, type TestSecretCaller, whyNotBuilt } from './checks.ts'
import { chooseFile, type WantedFile } from './file-name.ts'
import { findTestSecret } from './found.ts'
import type { AgeKey } from './message.ts'
import { directoryOf, type Place } from './place.ts'
import { planCreation, planRemoval } from './plan.ts'
import { type Proof, prove } from './proof.ts'
import { makeSecret, type TestContent } from './secret-manifest.ts'

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
  /** The creation rule that it was encrypted by, where it was now. */
  by?: Selected
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
 * @param options `key` must decrypt the file; without one, that stays unchecked. `fileName` and `recipients`: see `WantedFile`; the
 *   recipients of `key` where they are not given. `encryptTo`: to these alone, whatever keys the rule names
 * @throws UserError where something else is at its place, no creation rule matches, the key does not fit or the path cannot
 *   be built (exit 2), or where the directory would vanish from git with it (exit 1). Neither a message nor a file holds
 *   the plaintext or a key.
 */
export async function createTestSecret(
  place: Place,
  content: TestContent,
  options: TestSecretCaller & WantedFile & { key?: AgeKey; encryptTo?: readonly string[] | undefined },
): Promise<Created> {
  const { root, name } = place
  const { fileName, recipients, encryptTo, key, ...caller } = options
  const nameOf = namesFrom(caller.cwd)
  const directory = nameOf(directoryOf(place))
  const what = `cannot create ${directory}`
  if (!statSync(place.path, { throwIfNoEntry: false })?.isDirectory())
    throw new UserError(`${what}: ${nameOf(place.path)} is not a directory of this repository`)
  const found = findTestSecret(place)
  if (found) {
    const file = checkExisting(place, found, { namespace: content.namespace, fileName }, caller)
    if (!key) throw errorOf(entries['message-unknown'], { directory })
    const proof = await prove(place, { file }, content, key, caller)
    return { result: 'unchanged', ...changedFiles(root, []), ...proof }
  }
  await refuseLastOfDirectory(place, caller)
  const { env, signal } = caller
  const chosen = await chooseFile(place, { fileName, recipients: recipients ?? recipientsOf(key) }, caller)
  const { file } = chosen
  const path = join(directoryOf(place), file)
  const how = { ...chosen, recipients: encryptTo }
  const text = await encrypt(makeSecret(name, content), path, how, { root, env, signal }, nameOf)
  let mayBeOld = true
  try {
    const changes = planCreation(place, { file, text }, caller.cwd)
    return await change(changes, what, caller, async () => {
      const proof = await prove(place, chosen, content, key, caller).catch((error) => {
        mayBeOld = error instanceof CommandError
        throw error
      })
      const by = { ruleFile: chosen.ruleFile, rule: chosen.rule }
      return { result: 'created', by, ...changedFiles(root, changes), ...proof }
    })
  } catch (error) {
    if (!mayBeOld || !(error instanceof UserError) || error instanceof Interrupted) throw error
    // the files are as they were
    const problem = await whyNotBuilt(place, caller)
    if (problem) throw errorOf(entries['build-fails-without'], { directory, problem })
    throw error
  }
}

/**
 * Removes a test Secret and its entry in the kustomization file: the exact inverse of `createTestSecret`, as long as nobody
 * has edited the list since. Where the path can be built with the Secret and not without, the files are put back.
 *
 * @throws UserError where something else is at its place (exit 2), or where the directory would vanish from git (exit 1)
 */
export async function removeTestSecret(place: Place, caller: TestSecretCaller): Promise<Removed> {
  const { root } = place
  const directory = namesFrom(caller.cwd)(directoryOf(place))
  const found = findTestSecret(place)
  if (!found) return { result: 'absent', ...changedFiles(root, []), problem: undefined }
  if (!found.ours) throw errorOf(entries['not-ours'], { directory })
  const what = `cannot remove ${directory}`
  const changes = planRemoval(place, found.file, caller.cwd)
  await refuseLastOfDirectory(place, caller)
  const removed = { result: 'removed' as const, ...changedFiles(root, changes) }
  let problem: string | undefined
  try {
    return await change(changes, what, caller, async () => {
      problem = await whyNotBuilt(place, caller)
      if (problem) throw new UserError(`without it, ${problem}`)
      return { ...removed, problem }
    })
  } catch (error) {
    // the files are as they were: was it so before?
    if (!problem || !(await whyNotBuilt(place, caller))) throw error
    return change(changes, what, caller, async () => ({ ...removed, problem }))
  }
}

function recipientsOf(key: AgeKey | undefined): string[] {
  return key?.identities.map(({ recipient }) => recipient) ?? []
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
