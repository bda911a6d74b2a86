import type { Entry } from '../entry.ts'

/** Private keys where they do not belong. */
export const keysFindings = {
  'key-in-git': {
    severity: 'error',
    seen: 'holds the private key of {recipient}, which this repository encrypts to',
    means: 'Whoever can read the repository can decrypt its files, now and from every clone.',
    fix: 'make a new key (`age-keygen`), put it in the place of this one with `sops updatekeys` and `sops rotate`, and change the secrets themselves: git keeps the old key',
    source: 'https://getsops.io/docs/#encrypting-using-age',
  },
  'other-key-in-git': {
    severity: 'warning',
    seen: 'holds the private key of {recipient}, to which nothing in this repository is encrypted',
    means:
      'Whoever can read the repository has the key, and all that was or will be encrypted to it anywhere.',
    fix: 'use the key for nothing, and take it out of the file',
    source: 'https://getsops.io/docs/#encrypting-using-age',
  },
  'key-not-ignored': {
    severity: 'warning',
    seen: 'holds the private key of {recipient}, and git does not ignore it',
    means: 'The next `git add` of its directory puts the key into git, for everybody who can read it.',
    fix: '`printf "\\n%s\\n" {ignoreLine} >>"$(git rev-parse --show-toplevel)/.gitignore"`',
    source: 'gitignore(5)',
  },
  'key-in-environment': {
    severity: 'note',
    seen: 'puts the private key of {recipient} into the environment as {variable}',
    means: 'Every program that is started there gets the key, and what prints its environment prints it.',
    fix: 'save the key as a file that only you can read, and set SOPS_AGE_KEY_FILE to it',
    source: 'https://mise.jdx.dev/environments/; https://getsops.io/docs/#encrypting-using-age',
  },
  'key-file-readable': {
    severity: 'warning',
    seen: 'holds your private key, and others on this machine can read it',
    means: 'Whoever else has an account here can decrypt what you can.',
    fix: '`chmod 600 {file}`',
    source: 'chmod(1)',
  },
  'key-secret-to-itself': {
    severity: 'note',
    seen: 'keeps the key of {recipient} encrypted to that key alone',
    means:
      'Only who has the key can read it: in a new cluster Flux cannot decrypt it, and it is no backup of the key.',
    fix: 'keep the key in another place as well, or add a recipient to the file whose key is kept elsewhere',
    source: 'https://fluxcd.io/flux/guides/mozilla-sops/#encrypting-secrets-using-age',
  },
} as const satisfies Record<string, Entry>
