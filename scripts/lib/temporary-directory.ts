import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { UserError } from './errors.ts'
import { isGone, ownerId } from './owner.ts'

/**
 * Makes a directory that only the user can enter. Its name says who made it, `<name>-<owner>-XXXXXX`, so that what a killed
 * process leaves can be recognised from the first moment on.
 * @param parent TMPDIR where it is not given
 * @returns absolute
 * @throws UserError where it can't be made
 */
export function temporaryDirectory(name: string, parent = resolve(tmpdir())): string {
  try {
    return mkdtempSync(join(parent, `${name}-${ownerId()}-`))
  } catch (error) {
    throw new UserError(`cannot make a directory in ${parent}: ${(error as NodeJS.ErrnoException).code}`, {
      hint: 'set TMPDIR to a directory that you may write to',
    })
  }
}

/** Whether a directory is one that `temporaryDirectory` made under this name, and its maker has ended. */
export function isAbandoned(directory: string, name: string): boolean {
  const [, found, owner] = /^(.*)-([^-]+-\d+)-[^-]+$/.exec(basename(directory)) ?? []
  return found === name && owner !== undefined && isGone(owner)
}

/** The user's own directories below `parent` that are abandoned (`isAbandoned`). @returns absolute paths */
export function abandonedDirectories(name: string, parent: string): string[] {
  return entriesOf(parent)
    .map((entry) => join(parent, entry))
    .filter((directory) => isAbandoned(directory, name) && isOurs(directory))
}

/** None where it can't be read: who makes a directory there says so. */
function entriesOf(parent: string): string[] {
  try {
    return readdirSync(parent)
  } catch {
    return []
  }
}

function isOurs(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.uid === process.getuid?.()
}

/** Removes the directories of a name below `parent` whose makers have ended. */
export function removeAbandonedDirectories(name: string, parent: string): void {
  for (const left of abandonedDirectories(name, parent)) rmSync(left, { recursive: true })
}

/**
 * Runs `write` with a directory of the user alone, in which new texts are written before they are moved to their places. What a killed
 * process has left of this name is removed first. Nothing in here waits, so that no signal handler runs while there are second copies.
 * @param name of the directory, as `temporaryDirectory` takes it
 * @param parent absolute, on the disk of the files
 * @throws UserError where it can't be made
 */
export function inStaging(name: string, parent: string, write: (staging: string) => void): void {
  removeAbandonedDirectories(name, parent)
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
