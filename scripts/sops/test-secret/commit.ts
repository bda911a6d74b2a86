import type { Caller } from '../../lib/caller.ts'
import { commitFiles } from '../../lib/commit.ts'
import { type FileChange, keepIf } from '../../lib/file-changes.ts'
import type { Repository } from '../../lib/git.ts'
import { namesFrom } from '../../lib/paths.ts'

/**
 * Commits what was done to the files of a test Secret, and puts the files back where that fails.
 * @returns the commit; `undefined` where nothing was done
 * @throws CommandError with what git or a hook said
 */
export async function commitChanges(
  repository: Repository,
  { files, changes }: { files: readonly string[]; changes: readonly FileChange[] },
  message: string,
  caller: Caller,
): Promise<string | undefined> {
  if (files.length === 0) return undefined
  const witness = { nameOf: namesFrom(caller.cwd), note: caller.note }
  return keepIf(changes, witness, () => commitFiles(repository, files, message))
}
