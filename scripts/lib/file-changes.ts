import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { makeDirectory } from './directories.ts'
import { UserError } from './errors.ts'
import type { NameOf } from './paths.ts'

/** What happens to one file. `before: undefined` makes it, `after: undefined` deletes it. */
export interface FileChange {
  /** Absolute. Of a symbolic link the file that it points to is changed. */
  path: string
  before: string | undefined
  after: string | undefined
  /**
   * For a secret: the directory of the user alone, on the same disk, in which the new text is written, for beside the file git could
   * take it. A file that is made only the user can read.
   */
  staging?: string
}

interface Staged {
  change: FileChange
  /** The file itself, where `path` is a symbolic link to it. */
  target: string
  /** The new text, beside the target. */
  temporary: string | undefined
}

/**
 * Makes all changes or none. Each new text is written and flushed beside its file and moved there in one step, after
 * every file was found to hold what `before` says. Directories are made as needed; one that is left empty is removed,
 * as git does. Nothing in here waits, so that no signal handler runs between the first file and the last.
 *
 * @param nameOf how a path is called in messages
 * @throws UserError where a file is not what `before` says or can't be written; all files are then as they were
 */
export function replaceFiles(changes: readonly FileChange[], nameOf: NameOf): void {
  const directories: string[] = []
  const staged: Staged[] = []
  const done: Staged[] = []
  let at: FileChange | undefined
  try {
    for (at of changes) staged.push(stage(at, directories))
    for (const { change, target } of staged) {
      at = change
      if (holds(target, change.before)) continue
      const why = change.before === undefined ? 'it is there already' : 'it has changed meanwhile'
      throw new UserError(`cannot write ${nameOf(at.path)}: ${why}`)
    }
    for (const entry of staged) {
      at = entry.change
      if (entry.temporary === undefined) rmSync(entry.target)
      else renameSync(entry.temporary, entry.target)
      done.push(entry)
    }
  } catch (error) {
    const lost = undo(staged, done, directories).map(nameOf)
    const { code } = error as NodeJS.ErrnoException
    if (lost.length > 0) throw new UserError(`cannot put back ${lost.join(', ')} after a failure (${code})`)
    if (error instanceof UserError || code === undefined || !at) throw error
    throw new UserError(`cannot write ${nameOf(at.path)}: ${code}`)
  }
  for (const { change, target } of done) {
    if (change.after === undefined) removeEmptyDirectories(dirname(target))
  }
}

/** Who hears how files are called, and which could not be put back. */
export interface Witness {
  nameOf: NameOf
  note(line: string): void
}

/**
 * Does what decides whether changes that `replaceFiles` has made stay, and takes them back where that fails (`takeBack`).
 * @returns what `decide` returns
 * @throws what `decide` throws
 */
export async function keepIf<T>(
  changes: readonly FileChange[],
  { nameOf, note }: Witness,
  decide: () => Promise<T>,
): Promise<T> {
  try {
    return await decide()
  } catch (error) {
    takeBack(changes, { nameOf, note })
    throw error
  }
}

/** Takes back changes that `replaceFiles` has made; a file that somebody else has changed meanwhile stays, and is named. */
export function takeBack(changes: readonly FileChange[], { nameOf, note }: Witness): void {
  const lost = changes.toReversed().filter((change) => !isPutBack(change, nameOf))
  if (lost.length > 0)
    note(`not put back, because it has changed meanwhile: ${lost.map(({ path }) => nameOf(path)).join(', ')}`)
}

function isPutBack(change: FileChange, nameOf: NameOf): boolean {
  try {
    replaceFiles([{ ...change, before: change.after, after: change.before }], nameOf)
    return true
  } catch {
    return false
  }
}

function stage(change: FileChange, directories: string[]): Staged {
  const target = change.before === undefined ? change.path : realpathSync(change.path)
  if (change.before === undefined) makeDirectory(dirname(target), directories)
  return {
    change,
    target,
    temporary: change.after === undefined ? undefined : writeBeside(target, change.after, change.staging),
  }
}

/** Writes a text to a new file beside `target`, or in `staging`, with the mode and the owner of `target` where that is there. */
function writeBeside(target: string, text: string, staging?: string): string {
  const temporary = nameBeside(staging === undefined ? target : join(staging, basename(target)))
  const rights =
    statSync(target, { throwIfNoEntry: false }) ?? (staging === undefined ? undefined : { mode: 0o600 })
  writeFlushed(temporary, text, rights)
  return temporary
}

/** Whose a file is to be, and who may read it. */
export interface FileRights {
  mode: number
  uid?: number
  gid?: number
}

/**
 * Makes a file that is on the disk as a whole when this returns; nothing of it is left where it can't be written.
 * @param file not there yet @param rights those of a new file of the user where they are not given
 * @throws the error of the system
 */
export function writeFlushed(file: string, text: string, rights?: FileRights): void {
  // nobody else may open it before it has its rights
  const handle = openSync(file, 'wx', rights ? 0o600 : 0o666)
  try {
    if (rights) giveRights(handle, rights)
    writeFileSync(handle, text)
    fsyncSync(handle)
  } catch (error) {
    rmSync(file, { force: true })
    throw error
  } finally {
    closeSync(handle)
  }
}

function giveRights(handle: number, { mode, uid, gid }: FileRights): void {
  const own = fstatSync(handle)
  const owner = [uid ?? own.uid, gid ?? own.gid] as const
  if (owner[0] !== own.uid || owner[1] !== own.gid) fchownSync(handle, ...owner)
  fchmodSync(handle, mode)
}

/** A name beside a file for what is to take its place in one step; it is another one each time. */
export function nameBeside(file: string): string {
  return join(dirname(file), `.${basename(file)}.${randomBytes(6).toString('hex')}.tmp`)
}

function holds(target: string, text: string | undefined): boolean {
  if (!lstatSync(target, { throwIfNoEntry: false })) return text === undefined
  return text !== undefined && readFileSync(target).equals(Buffer.from(text))
}

/** @returns the files that could not be put back */
function undo(staged: readonly Staged[], done: readonly Staged[], directories: readonly string[]): string[] {
  const lost: string[] = []
  for (const entry of staged) {
    if (entry.temporary !== undefined && !done.includes(entry)) rmSync(entry.temporary, { force: true })
  }
  for (const { change, target } of done.toReversed()) {
    try {
      if (change.before === undefined) rmSync(target)
      else renameSync(writeBeside(target, change.before, change.staging), target)
    } catch {
      lost.push(change.path)
    }
  }
  for (const directory of directories.toReversed()) removeIfEmpty(directory)
  return lost
}

function removeEmptyDirectories(directory: string): void {
  if (removeIfEmpty(directory)) removeEmptyDirectories(dirname(directory))
}

function removeIfEmpty(directory: string): boolean {
  try {
    rmdirSync(directory)
    return true
  } catch {
    return false
  }
}
