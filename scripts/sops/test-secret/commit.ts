import type { Caller } from '../../lib/caller.ts'
import { keepIf } from '../../lib/file-changes.ts'
import { commitFiles } from '../../lib/git/commit.ts'
import type { Repository } from '../../lib/git/git.ts'
import { namesFrom } from '../../lib/paths.ts'
import type { ChangedFiles } from './test-secret.ts'

/** The message of the commit that adds a test Secret. @param name of the Secret */
export function createMessage(name: string): string {
  return `feat(flux): add ${name} encrypted secret`
}

/** The message of the commit that removes a test Secret. @param name of the Secret */
export function removeMessage(name: string): string {
  return `chore(flux): remove ${name} after verification`
}

/**
 * Commits what was done to the files of a test Secret, and puts the files back where that fails.
 * @returns the commit; `undefined` where nothing was done
 * @throws CommandError with what git or a hook said
 */
export async function commitChanges(
  repository: Repository,
  { files, changes }: ChangedFiles,
  message: string,
  { cwd, note }: Caller,
): Promise<string | undefined> {
  if (files.length === 0) return undefined
  return keepIf(changes, { nameOf: namesFrom(cwd), note }, () =>
    commitFiles(repository, files, message, note),
  )
}
