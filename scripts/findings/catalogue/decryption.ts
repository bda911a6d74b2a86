import type { Entry } from '../entry.ts'

/** Why a SOPS file does not decrypt, or not to what was encrypted. */
export const decryptionFindings = {
  'merge-conflict': {
    severity: 'error',
    seen: 'holds the marks of an unfinished merge',
    means:
      'sops and Flux refuse the file. A merge of ciphertext by hand gives values that the MAC does not fit.',
    fix: 'take the file of one side: `git checkout --ours {file}` or `--theirs` while the merge goes on, `git checkout HEAD^1 -- {file}` where it is committed; then `sops edit {file}` for what the other side changed',
    source: 'https://getsops.io/docs/#cleartext-diffs-with-git; git-merge(1)',
  },
  'metadata-unreadable': {
    severity: 'error',
    seen: 'has SOPS metadata in which `{field}` is missing or wrong',
    means: 'sops and Flux refuse the file: nobody can read it as it is.',
    fix: 'take the `sops` block back from the last version in which it was right: `git log -p -- {file}`',
    source: 'sops v3.13.3 stores/stores.go ToInternal',
  },
  'first-document-plain': {
    severity: 'warning',
    seen: 'has SOPS metadata, but not in its first document',
    means:
      'sops refuses the file, so that nobody can edit it or rotate its keys. Flux decrypts each object by itself and does not mind.',
    fix: 'move the encrypted objects into a file of their own',
    source: 'sops v3.13.3 stores/yaml/store.go LoadEncryptedFile',
  },
  'ciphertext-without-metadata': {
    severity: 'error',
    seen: 'has ciphertext of sops as a value, and no `sops` block',
    means:
      'Nobody can decrypt it any more, and Flux takes it for an object that is not encrypted: it applies the ciphertext as the value.',
    fix: 'take the `sops` block back from the version that had it: `git log -p -- {file}`',
    source: 'kustomize-controller v1.9.4 internal/decryptor/decryptor.go IsEncryptedSecret',
  },
  'key-opens-nothing': {
    severity: 'warning',
    seen: 'opens none of the {count} encrypted files: it belongs to {recipients}',
    means: 'No file was decrypted, so what only a key tells was not checked.',
    fix: 'name the key of this repository with `--key-file`',
    source: 'https://getsops.io/docs/#encrypting-using-age',
  },
  'not-a-recipient': {
    severity: 'note',
    seen: 'is encrypted to {recipients} and not to the key at hand{more}: it was not decrypted',
    means: 'What only a key tells was not checked.',
    fix: 'run `mise run sops:audit --key-file FILE` with a key of one of these recipients',
    source: 'sops v3.13.3 sops.go GetDataKeyWithKeyServices',
  },
  'group-not-satisfied': {
    severity: 'note',
    seen: 'was not decrypted: {needed} of its key groups must be opened, and the key at hand opens {opened}',
    means:
      'What only a key tells was not checked. Flux can decrypt it only where the key Secret has keys of as many groups.',
    fix: 'run `mise run sops:audit --key-file FILE` with a file that has a key of as many groups',
    source: 'https://getsops.io/docs/#key-groups',
  },
  'stanza-damaged': {
    severity: 'error',
    seen: 'has a damaged data key for {recipient}: the private key does not open it',
    means: 'Whoever has only this key can decrypt nothing of the file, and Flux fails with it.',
    fix: 'take the `sops` block back from the last version in which it was right: `git log -p -- {file}`',
    source: 'sops v3.13.3 age/keysource.go Decrypt',
  },
  'different-data-keys': {
    severity: 'warning',
    seen: 'has documents with data keys of their own: each was encrypted by itself',
    means:
      'sops decrypts all documents with the data key of the first one and refuses the file, so that nobody can edit it or rotate its keys. Flux decrypts each object by itself and does not mind.',
    fix: 'give each of these documents a file of its own',
    source: 'sops v3.13.3 sops.go Decrypt',
  },
  'value-moved': {
    severity: 'error',
    seen: '{path} was encrypted as {from}: sops binds a value to the names of its keys',
    means: 'sops and Flux refuse the file with `message authentication failed`.',
    fix: 'give it the name {from} again, then rename it with `sops edit {file}`',
    source: 'https://getsops.io/docs/#encryption-protocol',
  },
  'value-broken': {
    severity: 'error',
    seen: '{path} does not decrypt: it was changed after it was encrypted, or was encrypted in another file',
    means: 'sops and Flux refuse the file with `message authentication failed`.',
    fix: 'take the line back from the last version in which it was right: `git log -p -- {file}`',
    source: 'https://getsops.io/docs/#encryption-protocol',
  },
  'mac-missing': {
    severity: 'error',
    seen: 'has no `mac` in its SOPS metadata',
    means:
      'sops refuses the file. Flux takes an object without the field for one that is not encrypted: it applies the ciphertext as the value, or refuses the whole Kustomization. Where the field is there and empty, Flux decrypts.',
    fix: 'take the `sops` block back from the last version that has it: `git log -p -- {file}`',
    source: 'kustomize-controller v1.9.4 internal/decryptor/decryptor.go IsEncryptedSecret',
  },
  'mac-mismatch': {
    severity: 'warning',
    seen: 'was changed after it was encrypted: its MAC does not fit',
    means:
      'sops refuses the file. Flux does not check the MAC and applies what is there, whoever has changed it.',
    fix: 'compare it with the version before (`git log -p -- {file}`); where the change is right, `sops edit --ignore-mac {file}`',
    source:
      'https://getsops.io/docs/#message-authentication-code; kustomize-controller v1.9.4 internal/decryptor/decryptor.go',
  },
  'comment-in-list': {
    severity: 'note',
    seen: 'has an encrypted comment in a list',
    means:
      'sops 3.13.2 computes a wrong MAC for it and refuses the file with `MAC mismatch`; other versions, and Flux, read it.',
    fix: 'use sops 3.13.3 or newer, or put the comment above the list',
    source: 'https://github.com/getsops/sops/issues/2243',
  },
  'sops-refuses': {
    severity: 'error',
    seen: 'sops refuses it: {why}',
    means: 'Nobody can edit the file or rotate its keys, and Flux most likely fails with it as well.',
    fix: 'see what `sops decrypt {file} >/dev/null` says',
    source: 'sops v3.13.3 cmd/sops/codes/codes.go',
  },
  'needs-sops': {
    severity: 'warning',
    seen: 'was not decrypted: it is written in a way that only sops reads, and {why}',
    means: 'Whether it decrypts and whether its MAC is right is not known.',
    fix: 'run `sops decrypt {file} >/dev/null` where sops and the key are',
    source: 'https://getsops.io/docs/',
  },
} as const satisfies Record<string, Entry>
