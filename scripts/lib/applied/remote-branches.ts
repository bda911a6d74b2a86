import type { Repository } from '../git/git.ts'
import { attempt } from '../run.ts'

/** How long a remote may take to answer, in ms. */
const limit = 5000

/**
 * The branches of a remote, with their commits. It asks nobody for a password.
 * @param remote its name or its URL
 * @returns `undefined` where it does not answer in time, or not at all
 */
export async function listRemoteBranches(
  { root: cwd, env, signal }: Repository,
  remote: string,
): Promise<Map<string, string> | undefined> {
  const quiet = { GIT_TERMINAL_PROMPT: '0', SSH_ASKPASS_REQUIRE: 'never' }
  const args = ['git', 'ls-remote', '--heads', remote]
  const { code, stdout } = await attempt(args, { cwd, env: { ...quiet, ...env }, signal, timeout: limit })
  if (code !== 0) return undefined
  const lines = [...stdout.matchAll(/^([0-9a-f]+)\trefs\/heads\/(.*)$/gm)]
  return new Map(lines.map(([, commit = '', branch = '']) => [branch, commit]))
}
