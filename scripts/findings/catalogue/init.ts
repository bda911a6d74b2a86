import type { Entry } from '../entry.ts'

const age = 'https://getsops.io/docs/#encrypting-using-age'
const config = 'https://github.com/getsops/sops/blob/v3.13.3/config/config.go'
const page = 'docs/tasks/sops-init.md'

/** What a repository lacks before anything can be encrypted in it, and why `sops:init` does not make it. */
export const initFindings = {
  // what it makes
  'identity-missing': {
    severity: 'error',
    seen: 'is to hold the age identity of this repository, and is not there',
    means: 'Without an identity nothing that is encrypted here can be opened, neither by you nor by Flux.',
    fix: '`mise run sops:init` makes it',
    source: age,
  },
  'key-name-not-ignored': {
    severity: 'error',
    seen: 'git does not ignore {name}, the name of a key or of a copy of it',
    means: 'The next `git add` of its directory puts the key into git, for everybody who can read it.',
    fix: '`mise run sops:init` adds the line {ignoreLine} to .gitignore',
    source: 'gitignore(5)',
  },
  'rules-missing': {
    severity: 'error',
    seen: 'is not there, so that sops does not know to whom it encrypts, and what',
    means:
      'Whoever encrypts a file has to give the recipients and the selection by hand, and a Secret that is encrypted as a whole is none for Flux.',
    fix: '`mise run sops:init` makes it',
    source: `${config} (FindConfigFile)`,
  },

  // what it leaves to people
  'key-in-no-rule': {
    severity: 'warning',
    seen: 'no creation rule names {recipient}, {whose}',
    means: 'What sops encrypts by these rules cannot be opened with that key.',
    fix: 'add {recipient} to `age` of the rules that it is to open, and run `sops updatekeys` on the files that they select',
    source: age,
  },
  'names-in-no-rule': {
    severity: 'warning',
    seen: 'no creation rule selects {file}',
    means: '`sops encrypt` refuses the file, and `sops updatekeys` cannot give it other recipients.',
    fix: 'add a rule with `{rule}` and the recipients to its creation_rules',
    source: `${config} (parseCreationRuleForFile)`,
  },
  'other-keys-left-out': {
    severity: 'warning',
    seen: 'there are files that keys of the kind {kinds} open as well, and the new rules name none of these',
    means: '`sops updatekeys` takes these keys out of the files.',
    fix: 'add them to the rules before you run `sops updatekeys`',
    source: `${config} (getKeyGroupsFromCreationRule)`,
  },

  // why it makes nothing
  'key-not-at-hand': {
    severity: 'error',
    seen: 'this repository encrypts to {recipients}, and no key for that is at hand',
    means:
      'A second identity would open nothing that is there, and what is encrypted to it alone nobody else could open.',
    fix: 'ask a colleague for the key, and save it as {file} or name its file with SOPS_AGE_KEY_FILE',
    source: page,
  },
  'other-keys-only': {
    severity: 'error',
    seen: 'this repository encrypts to keys of the kind {kinds}, and to none of age',
    means:
      'A new identity opens nothing that is there until its public key is added, which needs one of these keys.',
    fix: 'make one with `age-keygen -o .age-key.txt`, add its public key to the rules, run `sops updatekeys` on the files with the keys that you have, and then this again',
    source: age,
  },
  'other-key-at-hand': {
    severity: 'error',
    seen: 'is not there, and there is an age identity already: {found}',
    means: 'With two identities it is chance to which one a file is encrypted, and Flux needs both.',
    fix: 'leave out --key-file, or name the file of that identity',
    source: page,
  },
  'key-file-tracked': {
    severity: 'error',
    seen: 'is tracked by git, so that a key in it would be committed',
    means: 'Whoever can read the repository could decrypt its files, now and from every clone.',
    fix: '`git rm --cached {file}` where it is no key yet, or name another file with --key-file',
    source: 'gitignore(5)',
  },
  'sparse-repository': {
    severity: 'error',
    seen: 'this is a sparse checkout, so it cannot be seen to whom the files that are not in it are encrypted',
    means: 'A new identity may be a second one, which opens nothing that is there.',
    fix: '`git sparse-checkout disable` brings them',
    source: 'https://git-scm.com/docs/git-sparse-checkout',
  },
  'backup-unusable': {
    severity: 'error',
    seen: 'a value of --backup is no public key of age or SSH',
    means: 'sops refuses every file that a rule with such a recipient selects.',
    fix: 'give the line that begins with age1, age1pq1 or ssh-, as `age-keygen -y FILE` prints it',
    source: age,
  },
  'backup-private': {
    severity: 'error',
    seen: 'a value of --backup is a private key',
    means: 'It is in the history of the shell now, and everybody on this machine could see it.',
    fix: 'use that key for nothing, make another one with `age-keygen`, and give its public key',
    source: page,
  },
  'backup-of-ssh': {
    severity: 'note',
    seen: 'the backup {recipient} is a key of SSH: people can open the files with it, and Flux cannot',
    means: 'kustomize-controller reads identities of age only.',
    fix: 'take a key of age where a cluster is to use it',
    source: 'docs/decryption.md#what-an-identity-is',
  },
  'not-stored': {
    severity: 'error',
    seen: 'the command of --store failed (exit {code}), so the identity that was made for it is lost: {said}',
    means: 'Nothing is encrypted to it yet, so nothing else is lost.',
    fix: 'make the command work, and run this again: it makes another identity',
    source: page,
  },
  'rules-refused': {
    severity: 'error',
    seen: 'sops does not encrypt {file} as the new rules are meant to: {problem}',
    means: 'Rules that do not work are worse than none, so they are not written.',
    fix: 'write .sops.yaml by hand, with https://getsops.io/docs/#using-sops-yaml-conf-to-select-kms-pgp-and-age-for-new-files',
    source: page,
  },
  'still-not-ignored': {
    severity: 'error',
    seen: 'git does not ignore {name}, even with the line {ignoreLine} in .gitignore',
    means: 'A pattern with `!` brings it back, or git does not read that .gitignore.',
    fix: 'take away what brings it back, or name another file with --key-file',
    source: 'gitignore(5)',
  },
} as const satisfies Record<string, Entry>
