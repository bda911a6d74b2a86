import { closeSync, existsSync, fsyncSync, mkdirSync, openSync } from 'node:fs'
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

/** The names of files are in their directory: a machine that loses its power keeps those in this one then. */
export function flushDirectory(directory: string): void {
  const handle = openSync(directory, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
