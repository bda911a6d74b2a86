import { randomBytes } from 'node:crypto'
import { existsSync, linkSync, readFileSync, rmdirSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { flushDirectory, makeDirectory } from '../../lib/directories.ts'
import { UserError } from '../../lib/errors.ts'
import { writeFlushed } from '../../lib/file-changes.ts'
import type { NameOf } from '../../lib/paths.ts'

/**
 * Makes a key file that only the user can read: it is there as a whole or not at all, and what is there already stays. Nothing in
 * here waits, so that no signal handler runs in between.
 * @param file absolute
 * @param text a secret
 * @returns takes it away again, unless somebody has changed it meanwhile
 * @throws UserError where it is there already or can't be written; nothing is left then
 */
export function makeKeyFile(file: string, text: string, nameOf: NameOf): () => void {
  const directories: string[] = []
  let isMade = false
  // what is left of a process that is killed here begins like the key file, and git ignores it likewise
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`
  const removeDirectories = () => {
    for (const directory of directories.toReversed()) removeIfEmpty(directory)
  }
  try {
    makeDirectory(dirname(file), directories)
    writeFlushed(temporary, text, { mode: 0o600 })
    // unlike a rename, a link never takes the place of a file
    linkSync(temporary, file)
    isMade = true
    flushDirectory(dirname(file))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    rmSync(temporary, { force: true })
    if (isMade) rmSync(file)
    removeDirectories()
    if (code === undefined) throw error
    throw new UserError(
      `cannot write ${nameOf(file)}: ${code === 'EEXIST' ? 'it is there already' : code}`,
      code === 'EEXIST' ? { hint: 'run this again: it takes the identity that is there' } : {},
    )
  }
  rmSync(temporary)
  return () => {
    if (existsSync(file) && readFileSync(file, 'utf8') === text) rmSync(file)
    removeDirectories()
  }
}

function removeIfEmpty(directory: string): void {
  try {
    rmdirSync(directory)
  } catch {
    // somebody else has something in it by now
  }
}
