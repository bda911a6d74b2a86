import type { Entry } from '../../entry.ts'

/** What keeps `sops:verify` from the branch that Flux follows, or stays on it. */
export const verifyBranchFindings = {
  'other-repository': {
    severity: 'error',
    seen: 'has fetched the commit {commit}, which is not in this repository',
    means:
      'Flux follows another repository than the one that you stand in, so what is pushed here does not get there.',
    fix: 'it follows {url}: go to a clone of that, or name its remote with --remote (now {remote})',
    source: 'https://github.com/fluxcd/source-controller/blob/v1.9.4/docs/spec/v1/gitrepositories.md',
  },
  'other-remote': {
    severity: 'error',
    seen: 'git {does} {other}, which is not the repository that gitrepository {source} follows ({url})',
    means: 'A commit that is pushed there never gets into the cluster, and stays there.',
    fix: 'name that one: --remote {url} (`git remote --verbose` shows what git uses; pushurl, insteadOf and pushInsteadOf count)',
    source: 'https://git-scm.com/docs/git-push; https://git-scm.com/docs/git-config (url.<base>.insteadOf)',
  },
  'name-taken': {
    severity: 'error',
    seen: 'is on the branch, and is not made by these tasks',
    means: "The test Secret would take the place of somebody else's file.",
    fix: 'rename it',
    source: 'docs/tasks/sops-verify.md',
  },
  'test-secret-there': {
    severity: 'error',
    seen: 'is on the branch already, made by sops:test-create',
    means: 'It is not known to belong to a run of sops:verify, so it is not removed.',
    fix: '`mise run sops:test-remove --commit`, and push',
    source: 'docs/tasks/sops-verify.md',
  },
  'already-running': {
    severity: 'error',
    seen: 'belongs to another sops:verify, {where}{since}, which may be at work until {until}',
    means: "Two runs at the same place would take each other's test Secret away.",
    fix: 'wait until it has ended; where you know that it has, `--take-over` removes its test Secret',
    source: 'docs/tasks/sops-verify.md',
  },
  'protected-branch': {
    severity: 'error',
    seen: 'it is protected, so the server takes no push to it: {says}',
    means: 'Commits get onto this branch only the way that the server allows.',
    fix: 'verify where Flux follows a branch that you may push to (--kustomization, --context), or ask for an exception from the protection',
    source:
      'https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-protected-branches',
  },
  'no-push-right': {
    severity: 'error',
    seen: 'you may not push to it: {says}',
    means: 'The server knows who you are, or asks for it, and takes no commit from you.',
    fix: 'push with an account or a key that may write there: deploy keys that Flux uses are often read-only',
    source: 'https://git-scm.com/docs/git-push',
  },
  'push-refused': {
    severity: 'error',
    seen: 'the push to it was refused: {says}',
    means: 'A hook of git or the server did not take the commit.',
    fix: 'do what the hook or the server asks for, or verify where Flux follows another branch',
    source: 'https://git-scm.com/docs/githooks',
  },
  'push-broken-off': {
    severity: 'error',
    seen: 'the push to it did not come to its end: {says}',
    means: 'Whether the server has taken the commit was not seen.',
    fix: 'try again when the server can be reached',
    source: 'https://git-scm.com/docs/git-push',
  },
  'branch-busy': {
    severity: 'error',
    seen: 'other commits came first each time, until the time was over',
    means: 'git takes a push only on top of what the branch has.',
    fix: 'try again when less is pushed to it, or give it more time with --timeout',
    source: 'https://git-scm.com/docs/git-push',
  },
  'removed-by-others': {
    severity: 'error',
    seen: 'somebody else took the test Secret off the branch, so its removal could not be followed',
    means: 'That it arrived was seen, and that it goes was not.',
    fix: 'run it again',
    source: 'docs/tasks/sops-verify.md',
  },
  'not-cleaned-up': {
    severity: 'error',
    seen: 'the test Secret is still on the branch, so Flux puts it into the cluster: {reason}',
    means: 'It stays in the cluster until it is taken off the branch.',
    fix: 'pull, then `mise run sops:test-remove --commit` and push; the next sops:verify removes it as well',
    source: 'docs/tasks/sops-verify.md',
  },
} as const satisfies Record<string, Entry>
