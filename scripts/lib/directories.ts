import { existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Makes a directory and the missing ones above it. Node's own `recursive` never ends where the system says ENOENT below a
 * directory that is there, as in /proc (nodejs/node, src/node_file.cc `MKDirpSync`).
 * @param made gets each directory that was made, the topmost first
 * @throws Error of Node where one can't be made
 */
export function makeDirectory(directory: string, made: string[] = []): void {
  if (existsSync(directory)) return
  makeDirectory(dirname(directory), made)
  mkdirSync(directory)
  made.push(directory)
}
