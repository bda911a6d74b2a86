import { existsSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Caller } from '../../../lib/caller.ts'
import { flushDirectory } from '../../../lib/directories.ts'
import { UserError } from '../../../lib/errors.ts'
import { type FileChange, replaceFiles, takeBack } from '../../../lib/file-changes.ts'
import { namesFrom } from '../../../lib/paths.ts'
import { inStaging, removeAbandonedDirectories } from '../../../lib/temporary-directory.ts'
import type { NewIdentity } from '../../new-key/identity.ts'
import { storeIdentity } from '../../new-key/store.ts'
import { appended } from './comments.ts'
import { spotOf } from './key-file-refusals.ts'

/** Takes back what `keep` has done, as far as that can be; a file that somebody has changed meanwhile stays, and is named. */
export type UndoKeeping = () => void

/** The name of the directory in which a key file is written. A killed run may leave one, with the identity in it. */
const directoryName = '.sops-rotate-key'

/**
 * Puts the lines of an identity at the end of a key file, or makes it, for the user alone. The file is written as a whole and moved
 * into its place: what is in it stays, byte for byte, and so do its mode and owner.
 * @param file absolute; of a link the file that it points to is meant @param lines a secret
 * @throws UserError where it can't be written; everything is as it was then
 */
export async function keepInFile(file: string, lines: string, caller: Caller): Promise<UndoKeeping> {
  const spot = await spotOf(file, caller)
  const before = existsSync(spot.file) ? readFileSync(spot.file, 'utf8') : undefined
  const change = { path: spot.file, before, after: appended(before ?? '', lines) }
  const nameOf = namesFrom(caller.cwd)
  const undo = (staged: FileChange) => takeBack([staged], { nameOf, note: caller.note })
  inStaging(directoryName, spot.staging, (staging) => {
    const staged = { ...change, staging }
    replaceFiles([staged], nameOf)
    try {
      flushDirectory(dirname(spot.file))
    } catch (error) {
      undo(staged)
      throw new UserError(`cannot write ${nameOf(spot.file)}: ${(error as NodeJS.ErrnoException).code}`)
    }
  })
  return () => inStaging(directoryName, spot.staging, (staging) => undo({ ...change, staging }))
}

/** Removes what runs that were killed have left where they wrote a key file. @param file absolute */
export async function tidyUpBeside(file: string, caller: Caller): Promise<void> {
  removeAbandonedDirectories(directoryName, (await spotOf(file, caller)).staging)
}

/**
 * Hands an identity to the user's command (`storeIdentity`), and keeps it nowhere else.
 * @throws as `storeIdentity`
 */
export async function keepByCommand(
  command: string,
  made: NewIdentity,
  caller: Caller,
): Promise<UndoKeeping> {
  await storeIdentity(command, made, caller)
  return () =>
    caller.note(`the command of --store has the identity of ${made.identity.recipient} all the same`)
}
