import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { makeDirectory } from '../lib/directories.ts'
import { UserError } from '../lib/errors.ts'
import { temporaryDirectory } from '../lib/temporary-directory.ts'
import { removeAbandoned } from './state-directory.ts'

/** Where the content of a directory is made before it is moved to its place. */
export interface Workplace {
  /** The directory to fill. */
  target: string
  /** For temporary files; removed whatever happens. */
  temporary: string
}

/**
 * Makes the directory `place`, once: where it is there already nothing happens.
 *
 * `fill` fills a directory beside it, which is then moved there in one step. So what is interrupted, even by `kill -9`,
 * is never used (the next call removes it), and of two calls at once the second takes the result of the first.
 * @throws what `fill` throws, and nothing stays behind then; UserError where nothing can be written beside `place`
 */
export async function makeOnce(place: string, fill: (workplace: Workplace) => Promise<void>): Promise<void> {
  if (existsSync(place)) return
  const parent = dirname(place)
  makeParent(parent)
  removeAbandoned(parent, 'building')
  const staging = temporaryDirectory('building', parent)
  const workplace = { target: join(staging, 'ready'), temporary: join(staging, 'tmp') }
  try {
    for (const directory of Object.values(workplace)) mkdirSync(directory)
    await fill(workplace)
    moveTo(place, workplace.target)
  } finally {
    // retries: programs that were just ended may still write for a moment
    rmSync(staging, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  }
}

function makeParent(directory: string): void {
  try {
    makeDirectory(directory)
  } catch (error) {
    // another call has made it meanwhile
    if (existsSync(directory)) return
    throw new UserError(`cannot make the directory ${directory}: ${(error as NodeJS.ErrnoException).code}`, {
      hint: 'set XDG_CACHE_HOME to a directory that you may write to',
    })
  }
}

function moveTo(place: string, ready: string): void {
  try {
    renameSync(ready, place)
  } catch (error) {
    // somebody else was quicker
    if (!existsSync(place)) throw error
  }
}
