import { execFile } from 'node:child_process'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { makeOnce } from '../../scripts/sandbox/cache-directory.ts'

/** The versions of mise that are tested besides the one of the project, the oldest that works first: npm has none between it and 2025.10. */
export const olderMise = ['2026.1.4', '2026.5.18']

const packages = { mise: '@jdxcode/mise-linux', node: 'node-linux' }

/**
 * Another version of mise or Node than the one on PATH. It is installed from npm at its first use and kept in the cache: as
 * dependencies of the project all of them would have the same name in `.bin`, and be 80 MB each for everybody.
 * @returns the directory of the program
 */
export async function released(program: 'mise' | 'node', version: string): Promise<string> {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')
  const place = join(cache, 'flux-sops-tasks', 'released', program, version)
  const name = `${packages[program]}-${process.arch}`
  await makeOnce(place, async ({ target }) => {
    await promisify(execFile)('npm', [
      'install',
      '--ignore-scripts',
      '--prefix',
      target,
      `${name}@${version}`,
    ])
  })
  return join(place, 'node_modules', name, 'bin')
}
