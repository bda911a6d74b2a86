import type { Entry } from '../entry.ts'

/** What is plain and should be encrypted. */
export const plaintextFindings = {
  'plain-file': {
    severity: 'error',
    seen: 'is not encrypted, although {rule} selects it',
    means:
      'Whoever can read the repository can read what is in it. A rule encrypts nothing by itself: somebody has to call sops.',
    fix: '`sops encrypt -i {file}`, and make its values anew where it was pushed: git keeps the old ones',
    source: 'https://getsops.io/docs/#using-sops-yaml-conf-to-select-kms-pgp-and-age-for-new-files',
  },
  'empty-file': {
    severity: 'warning',
    seen: 'is empty, although {rule} selects it',
    means:
      'sops or an editor that is interrupted while it writes leaves such a file. Flux applies nothing from it, and with `prune` it deletes the Secret.',
    fix: '`git log -p -- {file}` shows what was in it: bring that back, or delete the file',
    source:
      'https://github.com/getsops/sops/blob/v3.13.3/cmd/sops/main.go (files are truncated, then written)',
  },
  'plain-secret': {
    severity: 'error',
    seen: 'holds {path} of a Secret in the clear, and no creation rule selects it: {near}',
    means:
      'Flux applies it, so nothing looks wrong, and whoever can read the repository can read the Secret.',
    fix: 'rename or move it so that a rule selects it, or add a rule to .sops.yaml; then `sops encrypt -i` on it, and make its values anew where it was pushed',
    source: 'https://fluxcd.io/flux/security/secrets-management/',
  },
  'plain-value': {
    severity: 'error',
    seen: '{path} is in the clear in an encrypted file',
    means:
      'It was added after the file was encrypted, or took the place of a ciphertext. Whoever can read the repository can read it, and sops and Flux refuse the file: they find no ciphertext where it must be.',
    fix: 'take it out, put it in again with `sops edit --ignore-mac {file}`, and make it anew where it was pushed',
    source: 'https://github.com/getsops/sops/issues/1680',
  },
  'plain-comment': {
    severity: 'warning',
    seen: 'a comment is in the clear where the settings of the file encrypt comments',
    means: 'It was added after the file was encrypted, and may say what should be secret. sops only warns.',
    fix: 'take it out, and put it in again with `sops edit {file}` if it is needed',
    source:
      'https://github.com/getsops/sops/blob/v3.13.3/sops.go (decrypt: "Found possibly unencrypted comment")',
  },
  'ciphertext-left': {
    severity: 'error',
    seen: '{path} is ciphertext where the settings of the file encrypt nothing',
    means: 'sops and Flux leave it as it is: the cluster gets `ENC[…]` instead of the value.',
    fix: 'put the value in again with `sops edit --ignore-mac {file}`, or give the file the settings that it was encrypted with',
    source: 'https://github.com/getsops/sops/blob/v3.13.3/sops.go (shouldBeEncrypted)',
  },
  'nothing-encrypted': {
    severity: 'error',
    seen: 'has the metadata of sops, and not one of its values is encrypted ({setting})',
    means:
      'It looks encrypted, and whoever can read the repository can read it. A rule for Secrets that was used for a file of values does that, and so does a decrypted file that was saved with its metadata.',
    fix: 'remove the `sops` block, give the file a rule that encrypts its values, `sops encrypt -i {file}`, and make the values anew where it was pushed',
    source: 'https://github.com/getsops/sops/issues/1886',
  },
} as const satisfies Record<string, Entry>
