import { type Finding, finding, worded } from '../../../findings/finding.ts'
import { CommandError } from '../../../lib/errors.ts'
import { attempt } from '../../../lib/run.ts'

/** How long git may take to talk to the remote, in ms. */
export const remoteLimit = 120_000

/** What git says where the branch has other commits meanwhile, or another push is just changing it. */
const moved = /\((fetch first|non-fast-forward|stale info)\)|cannot lock ref|incorrect old value/

/** What git says where the connection was not made, or ended before the answer. */
export const brokenOff =
  /disconnect|hung up|RPC failed|early EOF|reset by peer|timed out|unable to access|Could not (resolve|read)|Connection (refused|closed)/

/** What servers say (GitHub, GitLab, Gitea, Forgejo, Bitbucket, Azure DevOps, Gerrit, git itself). The first that matches counts. */
const refusals: readonly [PushCode, RegExp][] = [
  [
    'protected-branch',
    /GH006|GH013|protected branch|branch is protected|only be modified through pull requests|TF40245\d|through a pull request|prohibited by Gerrit/i,
  ],
  [
    'no-push-right',
    /error: 40[13]\b|not allowed to (push|upload|access)|permission denied|permission to .* denied|denied to|read[- ]only|deploy key|write access|access denied|authentication failed|could not read (username|password)|insufficient permission|forbidden/i,
  ],
]

/** Why a push did not reach the branch. */
export type PushCode =
  | 'protected-branch'
  | 'no-push-right'
  | 'push-refused'
  | 'push-broken-off'
  | 'branch-busy'

/** A push that did not reach the branch. */
export class PushError extends CommandError {
  readonly finding: Finding
  /** Whether another try may have another end. */
  readonly mayPass: boolean

  /** @param branch how it is called for people */
  constructor(branch: string, code: PushCode, outcome: { code: number | null; stderr: string }) {
    const why = finding(code, { object: branch }, { says: essenceOf(outcome.stderr) })
    const { message, fix } = worded(why)
    super(`${branch}: ${message}`, outcome.code, outcome.stderr, { hint: fix })
    this.name = 'PushError'
    this.finding = why
    this.mayPass = code === 'branch-busy' || code === 'push-broken-off'
  }
}

/** How a push ended. */
export type Push =
  | { result: 'taken' }
  | {
      /** `moved`: the branch has got other commits meanwhile. */
      result: 'moved' | 'refused'
      /** The end was not seen, so the server may still take it. */
      isUnsure: boolean
      /** What git, a hook or the server said. */
      error: PushError
    }

/**
 * Pushes a commit to a branch. Our signal does not end it, for then it would not be known whether the server has
 * taken it; Ctrl-C in a terminal does.
 * @param to the remote, as git is told of it; `branch`: short name; `name`: for people; `commit`: the one that is checked out
 *   where it is not given; empty: the branch is deleted
 * @param root of the working tree, absolute
 */
export async function push(
  { to, branch, name, commit = 'HEAD' }: { to: string; branch: string; name: string; commit?: string },
  { root: cwd, env }: { root: string; env: NodeJS.ProcessEnv },
): Promise<Push> {
  const args = ['git', 'push', '--quiet', '--no-follow-tags', '--recurse-submodules=no']
  args.push(to, `${commit}:refs/heads/${branch}`)
  // what went wrong is told from the words
  const plainWords = { ...env, LC_ALL: 'C.UTF-8' }
  const outcome = await attempt(args, { cwd, env: plainWords, terminal: true, timeout: remoteLimit })
  if (outcome.code === 0) return { result: 'taken' }
  const code = judgeRefusal(outcome.code, outcome.stderr)
  return {
    result: code === 'branch-busy' ? 'moved' : 'refused',
    isUnsure: code === 'push-broken-off',
    error: new PushError(name, code, outcome),
  }
}

/** Why a push did not reach the branch. @param exitCode `null` where we ended it */
export function judgeRefusal(exitCode: number | null, stderr: string): PushCode {
  if (moved.test(stderr)) return 'branch-busy'
  const refusal = refusals.find(([, text]) => text.test(stderr))?.[0]
  const isCut = exitCode === null || exitCode > 128 || brokenOff.test(stderr)
  return refusal ?? (isCut ? 'push-broken-off' : 'push-refused')
}

/** What git, a hook or the server said, without what git says around it each time. */
export function essenceOf(stderr: string): string {
  const lines = stderr.split('\n').map((line) => {
    const said = line.replace(/^remote: ?/, '').trim()
    return /^! \[[^\]]*\] .*\((.*)\)$/.exec(said)?.[1] ?? said.replace(/^(error|fatal): /, '')
  })
  const noise = /^(hint: |To |failed to push some refs|$)/
  return [...new Set(lines.filter((line) => !noise.test(line)))].join('\n')
}
