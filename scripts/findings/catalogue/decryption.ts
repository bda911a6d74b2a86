import type { Entry } from '../entry.ts'

/** Why a SOPS file does not decrypt, or not to what was encrypted. */
export const decryptionFindings = {
  'merge-conflict': {
    severity: 'error',
    seen: 'holds the marks of an unfinished merge',
    means:
      'sops and Flux refuse the file. A merge of ciphertext by hand gives values that the MAC does not fit.',
    fix: '`git checkout --ours {file}` or `--theirs`, then `sops edit {file}` for what the other side changed',
    source: 'https://getsops.io/docs/#cleartext-diffs-with-git; git-merge(1)',
  },
} as const satisfies Record<string, Entry>
