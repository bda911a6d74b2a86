import { relative } from 'node:path'
import type { Caller } from '../../lib/caller.ts'
import { type FileChange, putBack } from '../../lib/file-changes.ts'
import { commitFiles, type Repository } from '../../lib/git.ts'

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
  try {
    return await commitFiles(repository, files, message)
  } catch (error) {
    const lost = putBack(changes).map((file) => relative(caller.cwd, file))
    if (lost.length > 0) caller.note(`not put back, because it has changed meanwhile: ${lost.join(', ')}`)
    throw error
  }
}
