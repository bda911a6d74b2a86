import type { Entry } from '../../entry.ts'

/** Why a SOPS file does not get another recipient or a new data key. */
export const rotateFileFindings = {
  'rotate-not-opened': {
    severity: 'error',
    seen: 'is encrypted to {recipients}, and no identity at hand opens it',
    means: 'Only who opens a file can give its data key to somebody else, or make it a new one.',
    fix: 'run it again with an identity of one of these recipients, or for other files only: `mise run sops:rotate PATH…`',
    source: 'sops v3.13.3 sops.go GetDataKeyWithKeyServices',
  },
  'rotate-stanza-damaged': {
    severity: 'error',
    seen: 'is encrypted to {recipients}, and its stanza for the identity at hand does not open',
    means: 'Whoever has only this identity can decrypt nothing of the file, and Flux fails with it.',
    fix: 'take the `sops` block back from the last version in which it was right: `git log -p -- {file}`',
    source: 'sops v3.13.3 age/keysource.go Decrypt',
  },
  'rotate-last-recipient': {
    severity: 'error',
    seen: '{recipient} is the only key of one of its key groups',
    means: 'Nobody could open that group any more, and where all groups are needed, nobody the file.',
    fix: 'encrypt it to another recipient first: `sops rotate -i --add-age RECIPIENT {file}`',
    source: 'https://getsops.io/docs/#key-groups',
  },
  'rotate-key-unreachable': {
    severity: 'error',
    seen: 'sops cannot encrypt a new data key to its keys of the kind {kinds}',
    means:
      'A new data key has to be encrypted to every key of the file, and one of them is not at hand: a PGP key that is not in the keyring, or a cloud service that you are not signed in to.',
    fix: 'import the public key (`gpg --import`) or sign in to the service, then run it again; or take the stanza out and keep the data key: `mise run sops:rotate --rewrap`',
    source: 'https://github.com/getsops/sops/issues/650',
  },
  'rotate-groups-closed': {
    severity: 'error',
    seen: '{needed} of its key groups must be opened for a new data key, and the identities at hand open {opened}',
    means: 'A share can be given to somebody else by its owner alone; a new data key needs as many owners.',
    fix: 'run it where identities of as many groups are; or take the stanza out and keep the data key: `mise run sops:rotate --rewrap`',
    source: 'https://getsops.io/docs/#key-groups',
  },
  'rotate-not-editable': {
    severity: 'error',
    seen: 'is not edited: it {why}',
    means: 'Only a text of which it is certain that nothing else changes is written.',
    fix: 'put it into the form that sops writes, with `sops rotate -i {file}`, and run it again',
    source: 'sops v3.13.3 stores/stores.go',
  },
  'rotate-in-value': {
    severity: 'error',
    seen: 'has a value in base64 that is a SOPS file itself, encrypted to {recipient}',
    means: 'Flux decrypts it with that key, so the key cannot go as long as it is there.',
    fix: 'decode that value, give it the new recipient with `sops rotate`, and put it back; or encrypt it in a file of its own, for a secretGenerator',
    source: 'kustomize-controller v1.9.4 internal/decryptor/decryptor.go DecryptResource',
  },
  'rotate-recipients-differ': {
    severity: 'error',
    seen: 'sops would leave it with other recipients than it has: {recipients}',
    means: 'sops gives all documents of a file the recipients of the first one.',
    fix: 'give each of its documents a file of its own',
    source: 'sops v3.13.3 stores/yaml/store.go EmitEncryptedFile',
  },
} as const satisfies Record<string, Entry>
