import type { Entry } from '../entry.ts'

/** Who can read a file, and who should. */
export const recipientsFindings = {
  'recipient-missing': {
    severity: 'warning',
    seen: 'is not encrypted to {recipient}, which {rule} names',
    means:
      'A rule counts only when sops encrypts or updates a file. Whoever has this key cannot read the file.',
    fix: '`sops updatekeys {file}`',
    source: 'https://getsops.io/docs/#updatekeys-command',
  },
  'recipient-left': {
    severity: 'warning',
    seen: 'is encrypted to {recipient}, which {rule} does not name',
    means:
      'Whoever has this key can still read the file. With a new data key they cannot read what is put in from then on; what they have seen they know.',
    fix: '`sops updatekeys {file}`, then `sops rotate -i {file}`, and make its values anew where the key is in wrong hands',
    source: 'https://getsops.io/docs/#adding-and-removing-keys',
  },
  'recipient-unknown': {
    severity: 'warning',
    seen: 'is encrypted to {recipient}, which no creation rule of the repository names',
    means: 'Nobody can tell from the repository whose key that is, and no change of the rules takes it out.',
    fix: 'give the file a rule in .sops.yaml, then `sops updatekeys {file}`',
    source: 'https://getsops.io/docs/#updatekeys-command',
  },
  'recipient-not-allowed': {
    severity: 'warning',
    seen: '{recipient} is not on the list of allowed recipients',
    means: 'Whoever has its private key can decrypt files, and nobody has allowed that.',
    fix: 'take it out of .sops.yaml and run `sops updatekeys` and `sops rotate -i` on the files, or add it to the list',
    source: 'https://getsops.io/docs/#adding-and-removing-keys',
  },
  'key-groups-differ': {
    severity: 'warning',
    seen: 'has {found} where {rule} has {wanted}',
    means:
      'With several key groups, a key of as many of them as the threshold says is needed. The file opens to other people than the rule wants.',
    fix: '`sops updatekeys {file}`; where only the threshold differs, `sops decrypt -i {file}`, then `sops encrypt -i {file}`',
    source: 'https://getsops.io/docs/#key-groups',
  },
  'single-recipient': {
    severity: 'note',
    seen: 'only {recipient} can open {what}',
    means:
      'If that key is lost, so is all that is encrypted to it. With a second recipient, whose key is kept elsewhere, one of the two may be lost.',
    fix: 'add a second recipient to the rule, then run `sops updatekeys` on its files',
    source: 'https://getsops.io/docs/#encrypting-using-age',
  },
  'no-rule': {
    severity: 'warning',
    seen: 'is encrypted, and {rules} has no creation rule for it',
    means:
      '`sops updatekeys` refuses it, so it keeps its recipients when all other files get new ones: once the old key is gone, nobody can decrypt it.',
    fix: 'give it a rule in .sops.yaml, or a name that a rule selects',
    source:
      'https://github.com/getsops/sops/blob/v3.13.3/config/config.go (no matching creation rules found)',
  },
  'settings-differ': {
    severity: 'warning',
    seen: '{path} is {found}, for the file has {setting}; by {rule} it would not be',
    means:
      'sops writes the settings into a file when it encrypts it, and keeps to them: a change of the rule changes nothing for this file.',
    fix: '`sops decrypt -i {file}`, then `sops encrypt -i {file}`: it takes the settings of the rule',
    source: 'https://github.com/getsops/sops/issues/1153',
  },
  'settings-old': {
    severity: 'note',
    seen: 'has {setting}, where {rule} has {wanted}',
    means:
      'sops writes the settings into a file when it encrypts it, and keeps to them. Today both encrypt the same of its values; what is added later may not be encrypted as the rule says.',
    fix: '`sops decrypt -i {file}`, then `sops encrypt -i {file}`: it takes the settings of the rule',
    source: 'https://github.com/getsops/sops/issues/1153',
  },
  'data-key-kept': {
    severity: 'warning',
    seen: '{recipient} was taken out after commit {commit}, and the file still has the data key of then',
    means:
      'git keeps the old stanza: whoever has that key can decrypt every value that was put in since. `sops updatekeys` makes no new data key.',
    fix: '`sops rotate -i {file}`, and make its values anew where the key is in wrong hands',
    source: 'https://getsops.io/docs/#adding-and-removing-keys; https://github.com/getsops/sops/issues/808',
  },
} as const satisfies Record<string, Entry>
