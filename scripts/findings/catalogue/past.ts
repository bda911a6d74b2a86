import type { Entry } from '../entry.ts'

/** What old commits hold. */
export const pastFindings = {
  'still-in-history': {
    severity: 'error',
    seen: 'was in plain text in {commits}, and these values are the same today: {paths}',
    means: 'Whoever can read the repository can read them. Encrypting the file did not take that back.',
    fix: 'change these secrets where they are used, then encrypt the new values with `sops edit {file}`',
    source: 'https://fluxcd.io/flux/security/secrets-management/',
  },
  'plain-in-history': {
    severity: 'warning',
    seen: 'was in plain text in {commits}: {paths}',
    means:
      'Whoever can read the repository can read what these values were. Encrypting them later did not take that back.',
    fix: 'change those that are still in use, then encrypt the new values with `sops edit {file}`',
    source: 'https://fluxcd.io/flux/security/secrets-management/',
  },
  'key-in-history': {
    severity: 'error',
    seen: 'held the private key of {recipient} in {commits}, and files are still encrypted to it',
    means: 'Whoever can read the repository can decrypt these files.',
    fix: 'make a new key (`age-keygen`), put it in the place of this one with `sops updatekeys` and `sops rotate`, and change the secrets themselves',
    source: 'https://getsops.io/docs/#encrypting-using-age',
  },
  'old-key-in-history': {
    severity: 'warning',
    seen: 'held the private key of {recipient} in {commits}; no file is encrypted to it now',
    means: 'Whoever can read the repository can decrypt what was encrypted to it in older commits.',
    fix: 'change the secrets that were encrypted to it, where they are still in use',
    source: 'https://getsops.io/docs/#encrypting-using-age',
  },
  'history-shallow': {
    severity: 'warning',
    seen: 'is a shallow clone: the commits before its first ones are not here and were not looked at',
    means: 'What was committed earlier is not known.',
    fix: '`git fetch --unshallow`, then the same command again',
    source: 'git-fetch(1)',
  },
} as const satisfies Record<string, Entry>
