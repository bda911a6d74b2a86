import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync, utimes } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { UserError } from '../lib/errors.ts'
import { npmInstall } from './npm.ts'

/**
 * An installation whose directory was not touched for this long was killed, in ms. Its process id would not tell: containers
 * and machines can share a clone.
 */
const untouchedLimit = 5000

/**
 * Installs the locked production packages into a clone that has none: mise clones this repository for a `git::`
 * include, but installs nothing (jdx/mise, src/task/task_file_providers/remote_task_git.rs).
 *
 * The packages are installed beside their place and moved there in one step, so that no half installation is ever
 * used. Of several tasks started at once one installs and the others wait for it. No install script is run.
 *
 * @param root the directory of our package.json
 * @throws UserError where npm is missing or fails, with what npm said; the reason of `signal`
 */
export async function installDependencies(
  root: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<void> {
  const modules = join(root, 'node_modules')
  const lock = join(root, '.install')
  while (!existsSync(modules)) {
    signal.throwIfAborted()
    if (claim(lock)) await installInto(modules, lock, env, signal)
    else await sleep(50)
  }
}

/** Makes the directory that says who installs. @returns false while somebody else has it; that of a killed one is taken away */
function claim(lock: string): boolean {
  try {
    mkdirSync(lock)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EEXIST')
      throw new UserError(`cannot install the packages of flux-sops-tasks: ${lock}: ${code}`)
  }
  const touched = statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()
  if (Date.now() - touched > untouchedLimit) takeAway(lock)
  return false
}

/** By a rename first: of several that try only one succeeds, and nobody sees it half removed. */
function takeAway(directory: string): void {
  const aside = `${directory}-${process.pid}`
  try {
    renameSync(directory, aside)
  } catch {
    return
  }
  rmSync(aside, { recursive: true, force: true })
}

async function installInto(
  modules: string,
  lock: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<void> {
  const touch = setInterval(() => utimes(lock, new Date(), new Date(), () => {}), untouchedLimit / 5)
  try {
    if (existsSync(modules)) return
    process.stderr.write('installing the packages of flux-sops-tasks (once for this version) …\n')
    // npm may outlive a killed task: what it still writes is in nobody's way
    const staging = mkdtempSync(join(lock, 'npm-'))
    for (const file of ['package.json', 'package-lock.json'])
      cpSync(join(modules, '..', file), join(staging, file))
    await npmInstall(staging, env, signal)
    renameSync(join(staging, 'node_modules'), modules)
  } finally {
    clearInterval(touch)
    takeAway(lock)
  }
}
