import type { Entry } from '../../entry.ts'

const config = 'https://github.com/getsops/sops/blob/v3.13.3/config/config.go'

/** Creation rules in which a rotation can't change the recipients. */
export const rotateRulesFindings = {
  'rules-not-utf-8': {
    severity: 'error',
    seen: 'is not UTF-8, and so its rules are not edited',
    means: 'Files that are encrypted from now on would get the recipients of before.',
    fix: 'save it as UTF-8',
    source: `${config} (configFile)`,
  },
  'rule-not-edited': {
    severity: 'error',
    seen: 'names {recipient} where it is not certain that nothing else would change',
    means: 'The file is left as it is. What is encrypted by its rules gets the recipients of before.',
    fix: 'write each recipient as an item of its own in a list, then `mise run sops:rotate` again',
    source: `${config} (getKeyGroupsFromCreationRule)`,
  },
  'rule-left-without-key': {
    severity: 'error',
    seen: '{rule} has a key group with no other key than {recipient}',
    means: 'Without a key in each group sops refuses every file that the rule selects.',
    fix: 'add another recipient beside it, then `mise run sops:rotate` again',
    source: `${config} (getKeyGroupsFromCreationRule)`,
  },
} as const satisfies Record<string, Entry>
