import { join, posix } from 'node:path'
import type { Caller } from '../../lib/caller.ts'
import { commitFiles, refuseUncommitted } from '../../lib/commit.ts'
import { UserError } from '../../lib/errors.ts'
import { keepIf, replaceFiles } from '../../lib/file-changes.ts'
import type { Repository } from '../../lib/git.ts'
import { failingBuilds } from '../../lib/kustomize/build.ts'
import { directoriesThatInclude, isKustomizationFile } from '../../lib/kustomize/kustomization-file.ts'
import { namesFrom } from '../../lib/paths.ts'
import type { FluxRepository } from '../../lib/repository/flux-repository.ts'
import type { Change } from './plan.ts'

/** The message of the commit that `--commit` makes. */
export const commitMessage = 'feat(flux): add SOPS decryption to Kustomizations'

/**
 * Writes all changes or none, and commits them where that is wanted. They are put back where a kustomization that could be
 * built before can't be built any more, and where the commit fails.
 * @returns the commit, where one was wanted
 * @throws UserError where they can't stay
 */
export async function writeChanges(
  changes: readonly Change[],
  repository: Repository,
  { kustomizations }: Pick<FluxRepository, 'kustomizations'>,
  { caller, commit }: { caller: Caller; commit: boolean },
): Promise<string | undefined> {
  const { root } = repository
  const paths = changes.map(({ file }) => file)
  const replaced = changes.map(({ file, before, after }) => ({ path: join(root, file), before, after }))
  const nameOf = namesFrom(caller.cwd)
  if (commit) await refuseUncommitted(repository, paths, (file) => nameOf(join(root, file)))
  const changed = paths.filter(isKustomizationFile).map((file) => posix.dirname(file))
  const directories = directoriesThatInclude(kustomizations, [...paths, ...changed])
  const before = kustomizations.map(({ directory }) => directory).filter((one) => changed.includes(one))
  // what is broken already proves nothing
  const broken = await failingBuilds(root, [...directories, ...before], caller)
  replaceFiles(replaced, nameOf)
  return keepIf(replaced, { nameOf, note: caller.note }, async () => {
    const buildable = [...new Set([...directories, ...changed])].filter((directory) => !broken.has(directory))
    const [failure] = (await failingBuilds(root, buildable, caller)).values()
    if (failure)
      throw new UserError(`cannot add decryption, for with it ${failure.message}`, {
        hint: 'nothing was changed',
      })
    return commit ? await commitFiles(repository, paths, commitMessage, caller.note) : undefined
  })
}
