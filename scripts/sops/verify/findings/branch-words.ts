import { shortCommit } from '../../../lib/git.ts'
import type { WordsTable } from './finding.ts'

/** The words for the branch. */
export const branchWords = {
  'other-repository': ({ commit, url, remote }) => ({
    message: `has fetched the commit ${shortCommit(commit)}, which is not in this repository`,
    fix: `it follows ${url}: go to a clone of that, or name its remote with --remote (now ${remote})`,
  }),
  'other-remote': ({ isPush, other, source, url }) => ({
    message: `git ${isPush ? 'pushes to' : 'fetches from'} ${other}, which is not the repository that gitrepository ${source} follows (${url})`,
    fix: `name that one: --remote ${url} (\`git remote --verbose\` shows what git uses; pushurl, insteadOf and pushInsteadOf count)`,
  }),
  'name-taken': () => ({ message: 'is on the branch, and is not made by these tasks', fix: 'rename it' }),
  'test-secret-there': () => ({
    message: 'is on the branch already, made by sops:test-create',
    fix: '`mise run sops:test-remove --commit`, and push',
  }),
  'already-running': ({ isHere, machine, process, since, until }) => ({
    message: `belongs to another sops:verify, ${isHere ? `process ${process} of this machine` : `on another machine or in another container (id ${machine})`}${since ? `, since ${since}` : ''}, which may be at work until ${until ?? 'an unknown time'}`,
    fix: 'wait until it has ended; where you know that it has, `--take-over` removes its test Secret',
  }),
  'protected-branch': ({ says }) => ({
    message: `it is protected, so the server takes no push to it: ${says}`,
    fix: 'verify where Flux follows a branch that you may push to (--kustomization, --context), or ask for an exception from the protection',
  }),
  'no-push-right': ({ says }) => ({
    message: `you may not push to it: ${says}`,
    fix: 'push with an account or a key that may write there: deploy keys that Flux uses are often read-only',
  }),
  'push-refused': ({ says }) => ({
    message: `the push to it was refused: ${says}`,
    fix: 'do what the hook or the server asks for, or verify where Flux follows another branch',
  }),
  'push-broken-off': ({ says }) => ({
    message: `the push to it did not come to its end: ${says}`,
    fix: 'try again when the server can be reached',
  }),
  'branch-busy': () => ({
    message: 'other commits came first each time, until the time was over',
    fix: 'try again when less is pushed to it, or give it more time with --timeout',
  }),
  'removed-by-others': () => ({
    message: 'somebody else took the test Secret off the branch, so its removal could not be followed',
    fix: 'run it again',
  }),
  'not-cleaned-up': ({ reason }) => ({
    message: `the test Secret is still on the branch, so Flux puts it into the cluster: ${reason}`,
    fix: 'pull, then `mise run sops:test-remove --commit` and push; the next sops:verify removes it as well',
  }),
} satisfies Partial<WordsTable>
