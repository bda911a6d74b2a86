import { rmSync } from 'node:fs'
import { UserError } from './errors.ts'
import { abandonedDirectories, temporaryDirectory } from './temporary-directory.ts'

/**
 * Runs `write` with a directory of the user alone, in which new texts are written before they are moved to their places. What a killed
 * process has left of this name is removed first. Nothing in here waits, so that no signal handler runs while there are second copies.
 * @param name of the directory, as `temporaryDirectory` takes it
 * @param parent absolute, on the disk of the files
 * @throws UserError where it can't be made
 */
export function inStaging(name: string, parent: string, write: (staging: string) => void): void {
  for (const left of abandonedDirectories(name, parent)) rmSync(left, { recursive: true })
  const staging = stagingDirectory(name, parent)
  try {
    write(staging)
  } finally {
    rmSync(staging, { recursive: true })
  }
}

function stagingDirectory(name: string, parent: string): string {
  try {
    return temporaryDirectory(name, parent)
  } catch (error) {
    // its hint is about TMPDIR, which this is not
    throw error instanceof UserError ? new UserError(error.message) : error
  }
}
