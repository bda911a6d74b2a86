import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../errors.ts'

/** What is not there, or is a directory, a link to nothing, or a socket. */
const noFile: ReadonlySet<string> = new Set(['EISDIR', 'ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'])

/** The largest file that is looked at for what is encrypted, in bytes: no SOPS file and no manifest is larger. */
export const largestFile = 16 * 1024 * 1024

/** @returns what is in a file; `undefined` where there is none, or only a link to nothing. Only good until the next call. */
export type Reader = (file: string) => Buffer | undefined

/**
 * Reads many files, each into the same memory: new memory for each is what most of the time of a large repository goes into.
 * @param root what the files are relative to
 * @param largest in bytes; where it is given, only regular files are read, and none that is larger
 * @throws UserError for a file that can't be read
 */
export function makeReader(root: string, largest?: number): Reader {
  let memory = Buffer.allocUnsafeSlow(2 ** 16)
  return (file) => {
    let descriptor: number | undefined
    try {
      // a pipe that nobody writes to is empty, and not waited for
      descriptor = openSync(join(root, file), constants.O_RDONLY | constants.O_NONBLOCK)
      if (largest !== undefined && !isUpTo(largest, fstatSync(descriptor))) return undefined
      let length = 0
      for (;;) {
        length += readSync(descriptor, memory, length, memory.length - length, null)
        if (length < memory.length) return memory.subarray(0, length)
        const larger = Buffer.allocUnsafeSlow(2 * length)
        memory.copy(larger)
        memory = larger
      }
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException
      if (noFile.has(code)) return undefined
      throw new UserError(`cannot read ${file}: ${code}`)
    } finally {
      if (descriptor !== undefined) closeSync(descriptor)
    }
  }
}

function isUpTo(largest: number, found: Stats): boolean {
  return found.isFile() && found.size <= largest
}
