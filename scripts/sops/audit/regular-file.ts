import { readFileSync, statSync } from 'node:fs'
import { UserError } from '../../lib/errors.ts'

/**
 * Reads a file that the user has named, as text. What is no regular file is not opened: a pipe without a writer blocks the process,
 * which then answers no signal, and a device may have no end.
 * @param what the file, for people: `the recipients in team.txt`
 * @returns `undefined` where there is no such file
 * @throws UserError where it is no regular file or can't be read; never quotes its text
 */
export function readRegularFile(path: string, what: string): string | undefined {
  try {
    if (statSync(path).isFile()) return readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    throw new UserError(`cannot read ${what}: ${code}`)
  }
  throw new UserError(`cannot read ${what}: it is no regular file`)
}
