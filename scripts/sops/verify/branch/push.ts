import type { CommandError } from '../../../lib/errors.ts'
import { failure } from '../../../lib/program.ts'
import { attempt } from '../../../lib/run.ts'

/** How long git may take to talk to the remote, in ms. */
export const remoteLimit = 120_000

/** What git says where the branch has other commits meanwhile, or another push is just changing it. */
const moved = /\((fetch first|non-fast-forward|stale info)\)|cannot lock ref|incorrect old value/

/** What git says where the connection ended before the answer. */
const brokenOff = /disconnect|hung up|RPC failed|early EOF|reset by peer|timed out/

/** How a push ended. */
export type Push =
  | { result: 'taken' }
  | {
      /** `moved`: the branch has got other commits meanwhile. */
      result: 'moved' | 'refused'
      /** The end was not seen, so the server may still take it. */
      isUnsure: boolean
      /** What git, a hook or the server said. */
      error: CommandError
    }

/**
 * Pushes the commit that is checked out. Our signal does not end it, for then it would not be known whether the server has
 * taken it; Ctrl-C in a terminal does.
 * @param root of the working tree, absolute
 * @param branch short name
 */
export async function push(
  remote: string,
  branch: string,
  { root: cwd, env }: { root: string; env: NodeJS.ProcessEnv },
): Promise<Push> {
  const args = ['git', 'push', '--quiet', '--no-follow-tags', '--recurse-submodules=no']
  args.push(remote, `HEAD:refs/heads/${branch}`)
  const outcome = await attempt(args, { cwd, env, terminal: true, timeout: remoteLimit })
  const { code, stderr } = outcome
  if (code === 0) return { result: 'taken' }
  return {
    result: moved.test(stderr) ? 'moved' : 'refused',
    isUnsure: code === null || code > 128 || brokenOff.test(stderr),
    error: failure(args, outcome, remoteLimit),
  }
}
