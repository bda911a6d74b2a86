import { execFile } from 'node:child_process'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { makeOnce } from '../../scripts/sandbox/cache-directory.ts'

/** The versions of mise that are tested besides the one of the project, the oldest that works first: npm has none between it and 2025.10. */
export const olderMise = ['2026.1.4', '2026.5.18']

/** Where npm has them, each for one architecture; none has an install script. */
const packages = {
  lefthook: { name: `lefthook-linux-${process.arch}`, bin: 'bin' },
  mise: { name: `@jdxcode/mise-linux-${process.arch}`, bin: 'bin' },
  node: { name: `node-linux-${process.arch}`, bin: 'bin' },
  prek: { name: `@j178/prek-linux-${process.arch}-gnu`, bin: '.' },
}

/**
 * A program that is not on PATH, or another version of mise or Node than the one that is. It is installed from npm at its first use
 * and kept in the cache: as dependencies of the project all of them would be 80 MB each for everybody, and those of mise and Node
 * have the same name in `.bin`.
 * @returns the directory of the program
 */
export async function released(program: keyof typeof packages, version: string): Promise<string> {
  const { name, bin } = packages[program]
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')
  const place = join(cache, 'flux-sops-tasks', 'released', program, version)
  await makeOnce(place, async ({ target }) => {
    await promisify(execFile)('npm', [
      'install',
      '--ignore-scripts',
      '--prefix',
      target,
      `${name}@${version}`,
    ])
  })
  return join(place, 'node_modules', name, bin)
}
