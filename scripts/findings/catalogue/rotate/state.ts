import type { Entry } from '../../entry.ts'

const page = 'docs/tasks/sops-rotate.md'

/** What of a rotation can't be told from the repository, and what else holds or names the key. */
export const rotateStateFindings = {
  // the places
  'branch-unset': {
    severity: 'warning',
    seen: 'follows no branch of a remote, so it is not known what else was merged into the branch that Flux follows',
    means:
      'A file that somebody else has merged meanwhile may still be encrypted to the old recipient alone.',
    fix: '`git branch --set-upstream-to REMOTE/BRANCH` with the branch that Flux follows, then the same command again',
    source: 'git-branch(1)',
  },
  'branch-assumed': {
    severity: 'note',
    seen: 'is the upstream of HEAD, and it is not known whether Flux follows it: {sources}',
    means: 'Where Flux follows another branch, what was merged into that one is not looked at.',
    fix: 'run it on the branch that Flux follows, or name the git remote that Flux follows with --remote',
    source: page,
  },
  'branch-silent': {
    severity: 'warning',
    seen: 'the remote did not answer; known of the branch is {known}',
    means: 'What was merged since is not known, and may still be encrypted to the old recipient alone.',
    fix: 'see that `git fetch` works, then run the same command again',
    source: 'git-ls-remote(1)',
  },
  'branch-gone': {
    severity: 'warning',
    seen: 'the remote has no such branch',
    means: 'It is not known which files Flux gets.',
    fix: 'push the branch, or let HEAD follow the branch that Flux follows: `git branch --set-upstream-to REMOTE/BRANCH`',
    source: 'git-branch(1)',
  },
  'branch-not-fetched': {
    severity: 'warning',
    seen: 'its commit {commit} could not be fetched',
    means: 'What was merged there is not known, and may still be encrypted to the old recipient alone.',
    fix: 'see that `git fetch` works, then run the same command again',
    source: 'git-fetch(1)',
  },
  'checkout-sparse': {
    severity: 'warning',
    seen: 'a sparse checkout leaves out {files}',
    means: 'Files that are not in the working tree would keep the old recipient.',
    fix: '`git sparse-checkout disable`, then the same command again',
    source: 'git-sparse-checkout(1)',
  },
  // which recipient goes
  'old-unknown': {
    severity: 'warning',
    seen: 'no identity is {where}, so it is not known which recipient goes',
    means: 'The old recipient is the one whose identity Flux has and whose files it opens.',
    fix: '`mise run sops:rotate --old RECIPIENT`',
    source: page,
  },
  'no-listed-identity': {
    severity: 'warning',
    seen: 'no file and no rule names a recipient whose identity is {where}: {recipients}',
    means: 'The old recipient is the one whose identity Flux has and whose files it opens.',
    fix: 'go to the repository of this cluster, or name the recipient: `mise run sops:rotate --old RECIPIENT`',
    source: page,
  },
  'old-not-listed': {
    severity: 'error',
    seen: '{recipient} is in no file, no rule and no key Secret, and never was',
    means: 'Nothing is encrypted to it, so there is nothing to rotate.',
    fix: 'name a recipient that files list',
    source: page,
  },
  'old-unclear': {
    severity: 'warning',
    seen: 'each of these can be the recipient that goes, and neither commits nor files tell which: {recipients}',
    means: 'The wrong one would be taken out of all files.',
    fix: '`mise run sops:rotate --old RECIPIENT` with the one that goes',
    source: page,
  },
  'next-unclear': {
    severity: 'warning',
    seen: 'files list {recipients} beside the old recipient, and it is not known whether that is the new one or somebody who stays',
    means: 'Where a rotation was begun, another new identity would be one too many.',
    fix: '`mise run sops:rotate --new-key FILE` with the file of the new identity, or of one that is to be made',
    source: page,
  },
  // what else knows the key
  'recipient-elsewhere': {
    severity: 'note',
    seen: 'names {recipient}, which goes',
    means: 'No stage changes it. What encrypts to the old recipient alone is lost when its identity is gone.',
    fix: 'put the new recipient in its place',
    source: page,
  },
  'identity-elsewhere': {
    severity: 'note',
    seen: 'gives an age identity to a program that is not Flux',
    means: 'With the old identity alone it opens no file after the cut-over.',
    fix: 'give it the new identity as well, before the cut-over',
    source: page,
  },
} as const satisfies Record<string, Entry>
