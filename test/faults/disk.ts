import { execFileSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** How large a disk is: what a run writes fits many times. */
const megabytes = 16

/** Runs `use` with a disk of its own at `directory`, which holds what was there. Needs the right to mount. */
export async function withDisk<T>(directory: string, use: () => Promise<T>): Promise<T> {
  const copy = mkdtempSync(join(tmpdir(), 'disk-'))
  const copyFiles = (from: string, to: string) => execFileSync('cp', ['-a', `${from}/.`, to])
  copyFiles(directory, copy)
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0700`, 'tmpfs', directory])
  try {
    copyFiles(copy, directory)
    return await use()
  } finally {
    execFileSync('umount', ['--lazy', directory])
    rmSync(copy, { recursive: true })
  }
}

/** Fills a disk to the last byte. @returns frees it */
export function fill(directory: string): () => void {
  const file = join(directory, 'filler')
  const [handle, block] = [openSync(file, 'w'), Buffer.alloc(65_536)]
  try {
    for (;;) writeSync(handle, block)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  } finally {
    closeSync(handle)
  }
  return () => rmSync(file)
}
