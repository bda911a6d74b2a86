import { resolve } from 'node:path'
import type { Repository } from '../../../lib/git.ts'
import { attempt } from '../../../lib/run.ts'

/**
 * How git is to be told of a remote in another working tree, where a relative path would mean another place.
 * @param given name or URL of the remote
 */
export async function remoteFrom(given: string, { root: cwd, env, signal }: Repository): Promise<string> {
  const outcome = await attempt(['git', 'config', '--get', `remote.${given}.url`], { cwd, env, signal })
  const url = outcome.code === 0 ? outcome.stdout.trim() : given
  return /^\.\.?(\/|$)/.test(url) ? resolve(cwd, url) : given
}
