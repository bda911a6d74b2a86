import type { Entry } from '../../entry.ts'

const keySource = 'https://github.com/getsops/sops/blob/v3.13.3/age/keysource.go (loadIdentities)'
const page = 'docs/tasks/sops-rotate.md'
const ignoring = 'gitignore(5)'

/** What is wrong with the identity that is to take the place of another one, and with where it is to be. */
export const rotateKeyFindings = {
  'key-place-unusable': {
    severity: 'warning',
    seen: 'gives no identity: {problem}',
    means:
      'What is encrypted to an identity in there alone cannot be opened here, and sops may fail because of it.',
    fix: '{remedy}',
    source: keySource,
  },
  'next-without-place': {
    severity: 'error',
    seen: 'the new identity would be put into the key file of {old}, and {where}',
    means: 'An identity that nobody keeps is lost, and with it all that is encrypted to it alone.',
    fix: 'say who keeps the new one: `mise run sops:rotate --new-key FILE` makes that file, and `mise run sops:rotate --store COMMAND` hands it to a command by stdin',
    source: page,
  },
  'new-key-unclear': {
    severity: 'error',
    seen: 'holds {found} that can take the place of {old}, and it must be one',
    means: 'To an identity that was meant for something else nothing may be encrypted.',
    fix: 'save the new identity alone as a file that git ignores, and name it: `mise run sops:rotate --new-key FILE`',
    source: page,
  },
  'new-key-classic': {
    severity: 'error',
    seen: 'holds the identity of {next}, which is not a post-quantum one, as --pq wants it',
    means: 'What is encrypted to it is not safe from quantum computers.',
    fix: 'leave out --pq, or name another file with --new-key',
    source: 'https://github.com/FiloSottile/age/releases/tag/v1.3.0',
  },
  'new-key-differs': {
    severity: 'error',
    seen: 'does not hold the identity of {next}, to which files are encrypted already',
    means: 'With a third identity in it a rotation has no end.',
    fix: 'give the identity of {next} with --new-key, or `mise run sops:rotate --abort`',
    source: page,
  },
  'next-not-at-hand': {
    severity: 'error',
    seen: 'files are encrypted to {next} already, and its identity is not at hand',
    means: 'Without it nothing can be proved, and no cluster can get it.',
    fix: '`mise run sops:rotate --new-key FILE` takes it from the file that has it, and `--new-key -` from stdin, as from whoever began this rotation',
    source: page,
  },
  'new-key-not-ignored': {
    severity: 'error',
    seen: 'is to hold the new identity, and git does not ignore it',
    means: 'The next `git add` of its directory puts the key into git, for everybody who can read it.',
    fix: '`printf "\\n%s\\n" {ignoreLine} >>"$(git rev-parse --show-toplevel)/.gitignore"`, or name a file outside of the repository',
    source: ignoring,
  },
  'key-in-other-repository': {
    severity: 'error',
    seen: 'is in another git repository, {repository}, which has it or would take it',
    means: 'Whoever can read that repository has the key, or will have it after the next `git add` there.',
    fix: 'have git ignore it there, or name a file outside of any repository with --new-key',
    source: ignoring,
  },
  'key-file-not-text': {
    severity: 'error',
    seen: 'holds bytes that are no UTF-8, so that nothing is added to it',
    means: 'These bytes would not stay as they are.',
    fix: 'take them out, they are in a comment, or name another file with --new-key',
    source: page,
  },
  'git-on-other-disk': {
    severity: 'error',
    seen: 'is on another disk than {directory}, the directory of git',
    means:
      'A key file is written as a whole and moved into its place. Until then it is in the directory of git, for beside it git could take it.',
    fix: 'name a file outside of the repository with --new-key',
    source: page,
  },
  'next-in-other-file': {
    severity: 'note',
    seen: 'holds the new identity, and no run looks there by itself',
    means: 'sops does not open with it what it is to open.',
    fix: 'name it each time, `mise run sops:rotate --new-key {file}`, and put it where sops looks before the old identity goes',
    source: keySource,
  },
  'next-kept-elsewhere': {
    severity: 'note',
    seen: '{keeper} has the identity of {next}, and the next run may not find it by itself',
    means: 'A run finds what SOPS_AGE_KEY_CMD prints, what is in SOPS_AGE_KEY, and key files.',
    fix: 'let SOPS_AGE_KEY_CMD print it, or give it each time: `mise run sops:rotate --new-key -`',
    source: keySource,
  },
  'next-identity-stays': {
    severity: 'note',
    seen: 'still holds the identity of {next}',
    means: 'No identity is ever taken out of a key file. The next rotation of the same key takes it again.',
    fix: 'take it out by hand where nothing is encrypted to it any more, or leave it',
    source: page,
  },
} as const satisfies Record<string, Entry>
