import type { Entry } from '../entry.ts'

const config = 'https://github.com/getsops/sops/blob/v3.13.3/config/config.go'

/** Creation rules that do not do what they say. */
export const rulesFindings = {
  'rules-unreadable': {
    severity: 'error',
    seen: 'sops cannot read it: {problem}',
    means: 'sops refuses to encrypt, to rotate and to update the keys of every file below.',
    fix: 'correct that line',
    source: `${config} (configFile)`,
  },
  'rules-none': {
    severity: 'warning',
    seen: 'has no creation_rules',
    means: 'sops encrypts as if it were not there, and does not look for one in the directories above.',
    fix: 'write its rules as a list below `creation_rules`',
    source: `${config} (parseCreationRuleForFile)`,
  },
  'rules-misnamed': {
    severity: 'warning',
    seen: 'is not read by sops, which wants the name .sops.yaml',
    means: 'Its rules do not count: sops takes those of a directory above, or none.',
    fix: '`git mv {file} {renamed}`',
    source: `${config} (LookupConfigFile)`,
  },
  'rules-nested': {
    severity: 'note',
    seen: 'lies below the directory of {outer}',
    means:
      'sops takes the first .sops.yaml in the directory in which it is called or above, wherever the file is: which rules count for the files here depends on where you call it.',
    fix: 'call sops in this directory, or keep all rules in one .sops.yaml',
    source: `${config} (LookupConfigFile); https://github.com/getsops/sops/issues/786`,
  },
  'rules-by-variable': {
    severity: 'note',
    seen: 'SOPS_CONFIG is set to {config}, so that sops reads no .sops.yaml',
    means: 'Whoever has not set it gets other rules.',
    fix: 'set it in the repository for everybody, or unset it',
    source: 'https://getsops.io/docs/#using-sops-yaml-conf-to-select-kms-pgp-and-age-for-new-files',
  },
  'rule-regex-broken': {
    severity: 'error',
    seen: 'path_regex of creation rule {number} is no regular expression of Go: {problem}',
    means: 'sops refuses every file that no rule before this one selects.',
    fix: 'write it as https://pkg.go.dev/regexp/syntax says, `.*\\.enc\\.yaml$` for example',
    source: `${config} (parseCreationRuleForFile)`,
  },
  'rule-glob': {
    severity: 'warning',
    seen: 'path_regex of creation rule {number} is written as a glob: {part}',
    means:
      'It is a regular expression: there `*` repeats the character before it, and braces hold no alternatives. The rule selects other files than it says.',
    fix: 'write `.*` or `[^/]*` for any text, `(a|b)` for alternatives, and `\\.` for a dot',
    source: 'https://pkg.go.dev/regexp/syntax',
  },
  'rule-selector-broken': {
    severity: 'error',
    seen: '{field} of creation rule {number} is no regular expression of Go: {problem}',
    means:
      'sops does not say so: it takes the expression for one that never matches, so that a file looks encrypted and is not, or is encrypted as a whole.',
    fix: 'write it as https://pkg.go.dev/regexp/syntax says, `^(data|stringData)$` for example',
    source: 'https://github.com/getsops/sops/blob/v3.13.3/sops.go (shouldBeEncrypted)',
  },
  'rule-settings-clash': {
    severity: 'error',
    seen: 'creation rule {number} has {fields}, and sops takes only one of them',
    means: 'sops refuses to encrypt every file that the rule selects.',
    fix: 'keep one of them',
    source: `${config} (configFromRule)`,
  },
  'rule-field-unknown': {
    severity: 'warning',
    seen: 'sops does not know {field} in creation rule {number}',
    means: 'sops ignores what it does not know, without a word: the rule does less than it says.',
    fix: 'write it as sops calls it: {known}',
    source: `${config} (creationRule, keyGroup)`,
  },
  'rule-without-key': {
    severity: 'note',
    seen: 'creation rule {number} names no key',
    means: 'sops encrypts by it only with a key from its command line or from a variable.',
    fix: 'add `age:` with the recipients',
    source: `${config} (getKeyGroupsFromCreationRule)`,
  },
  'rule-keys-ignored': {
    severity: 'warning',
    seen: '{field} of creation rule {number} does not count beside its key_groups',
    means: 'sops takes the keys of the key groups alone: whoever is named here cannot open the files.',
    fix: 'move it into a key group',
    source: `${config} (getKeyGroupsFromCreationRule)`,
  },
  'rule-shadowed': {
    severity: 'warning',
    seen: 'creation rule {number} never decides: {earlier} selects all that it would',
    means: 'The first rule that matches counts. No file gets the keys and settings of this one.',
    fix: 'move it before that rule',
    source: `${config} (parseCreationRuleForFile)`,
  },
  'rule-path-repeated': {
    severity: 'warning',
    seen: 'path_regex of creation rule {number} begins with {directory}/, and would select {file} without it',
    means:
      'sops matches the path from the directory of the .sops.yaml: the rule selects none of the files here.',
    fix: 'leave {directory}/ out of path_regex',
    source: `${config} (parseCreationRuleForFile); https://github.com/getsops/sops/issues/480`,
  },
  'rule-backslash': {
    severity: 'warning',
    seen: 'path_regex of creation rule {number} has the backslashes of Windows, and would select {file} with `/`',
    means: 'On Linux and macOS, and so in CI, the rule selects none of these files.',
    fix: 'write `[/\\\\]` instead of each of them, which is right everywhere',
    source: 'https://github.com/getsops/sops/issues/892',
  },
} as const satisfies Record<string, Entry>
