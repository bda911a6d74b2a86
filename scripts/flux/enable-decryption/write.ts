import { join, posix } from 'node:path'
import type { Caller } from '../../lib/caller.ts'
import { type CommandError, UserError } from '../../lib/errors.ts'
import { keepIf, replaceFiles, takeBack } from '../../lib/file-changes.ts'
import { commitFiles, refuseUncommitted } from '../../lib/git/commit.ts'
import type { Repository } from '../../lib/git/git.ts'
import { failingBuilds } from '../../lib/kustomize/build.ts'
import { failingInclusions, type Inclusions, inclusionsOf } from '../../lib/kustomize/inclusions.ts'
import { emptyKustomization, isKustomizationFile } from '../../lib/kustomize/kustomization-file.ts'
import { namesFrom } from '../../lib/paths.ts'
import type { FluxRepository } from '../../lib/repository/flux-repository.ts'
import type { Change } from './plan.ts'

/** The message of the commit that `--commit` makes. */
export const commitMessage = 'feat(flux): add SOPS decryption to Kustomizations'

/**
 * Writes all changes or none, and commits them where that is wanted. They are put back where a kustomization that could be
 * built before can't be built any more, where one that was edited itself can't be built, and where the commit fails.
 * @returns the commit, where one was wanted
 * @throws UserError where they can't stay
 */
export async function writeChanges(
  changes: readonly Change[],
  repository: Repository,
  flux: Pick<FluxRepository, 'kustomizations'>,
  { caller, commit }: { caller: Caller; commit: boolean },
): Promise<string | undefined> {
  const { root } = repository
  const paths = changes.map(({ file }) => file)
  const replaced = changes.map(({ file, before, after }) => ({ path: join(root, file), before, after }))
  const nameOf = namesFrom(caller.cwd)
  const witness = { nameOf, note: caller.note }
  if (commit) await refuseUncommitted(repository, paths, (file) => nameOf(join(root, file)))
  replaceFiles(replaced, nameOf)
  const inclusions = inclusionsAround(changes, flux)
  const failing = await keepIf(replaced, witness, () => failingInclusions(root, inclusions, caller))
  if (failing.size > 0) {
    takeBack(replaced, witness)
    await refuseBroken(changes, failing, root, caller)
    replaceFiles(replaced, nameOf)
  }
  if (!commit) return undefined
  return keepIf(replaced, witness, () => commitFiles(repository, paths, commitMessage, caller.note))
}

/** The directories whose builds the changes reach: also those that get their kustomization file now. */
function inclusionsAround(
  changes: readonly Change[],
  { kustomizations }: Pick<FluxRepository, 'kustomizations'>,
): Inclusions {
  const made = editedDirectories(changes.filter(({ before }) => before === undefined))
  const files = changes.map(({ file }) => file)
  return inclusionsOf(
    [...kustomizations, ...made.map(emptyKustomization)],
    [...files, ...editedDirectories(changes)],
  )
}

/** The directories whose own kustomization file is among the changes. */
function editedDirectories(changes: readonly Change[]): string[] {
  return changes.filter(({ file }) => isKustomizationFile(file)).map(({ file }) => posix.dirname(file))
}

/**
 * Sees to it that what can't be built with the changes could not be built before either: what is broken already proves nothing.
 * But nothing is added to a kustomization file whose build is broken, for it would not be known what the patch does.
 * @param failing what can't be built with the changes, which are taken back
 * @throws UserError where that is not so
 */
async function refuseBroken(
  changes: readonly Change[],
  failing: ReadonlyMap<string, CommandError>,
  root: string,
  caller: Caller,
): Promise<void> {
  const edited = editedDirectories(changes)
  const before = await failingBuilds(root, [...failing.keys()], caller)
  const made = editedDirectories(changes.filter((change) => change.before === undefined))
  const ours = [...failing].findLast(([directory]) => !before.has(directory) || made.includes(directory))
  if (ours)
    throw new UserError(`cannot add decryption, for with it ${ours[1].message}`, {
      hint: 'mend what does not take the block there, or name just the files that are to be edited; nothing was changed',
    })
  const broken = edited.find((directory) => before.has(directory))
  if (broken !== undefined)
    throw new UserError(
      `cannot add decryption by a patch, for without it as well ${before.get(broken)?.message}`,
      { hint: 'mend that build first, for example a patch whose object is not there; nothing was changed' },
    )
}
