/** A way to write rules. OLD, NEW, AMY and BOB stand for recipients, SSH for one of SSH. */
export interface Shape {
  title: string
  before: string
  /** With the new recipient beside the old one. */
  shared: string
  /** Without the old one. */
  cut: string
}

const rule = (age: string) => `creation_rules:\n  - path_regex: .*\n    age: ${age}\n`
const list = (lines: string) => `creation_rules:\n  - key_groups:\n      - age:\n${lines}`

/** The ways that were met in public repositories and in issues of sops. */
export const shapes: readonly Shape[] = [
  { title: 'plain', before: rule('OLD'), shared: rule('OLD,NEW'), cut: rule('NEW') },
  {
    title: 'plain, with comments and no final newline',
    before: '# OLD is of the cluster\ncreation_rules: # all\n  - age: OLD # cluster',
    shared: '# OLD is of the cluster\ncreation_rules: # all\n  - age: OLD,NEW # cluster',
    cut: '# OLD is of the cluster\ncreation_rules: # all\n  - age: NEW # cluster',
  },
  { title: 'double quotes', before: rule('"OLD"'), shared: rule('"OLD,NEW"'), cut: rule('"NEW"') },
  { title: 'single quotes', before: rule("'OLD'"), shared: rule("'OLD,NEW'"), cut: rule("'NEW'") },
  { title: 'commas', before: rule('AMY,OLD,BOB'), shared: rule('AMY,OLD,NEW,BOB'), cut: rule('AMY,NEW,BOB') },
  {
    title: 'commas and blanks',
    before: rule('"OLD, AMY"'),
    shared: rule('"OLD, NEW, AMY"'),
    cut: rule('"NEW, AMY"'),
  },
  { title: 'a trailing comma', before: rule('"OLD,"'), shared: rule('"OLD,NEW,"'), cut: rule('"NEW,"') },
  {
    title: 'folded, one',
    before: rule('>-\n      OLD'),
    shared: rule('>-\n      OLD,\n      NEW'),
    cut: rule('>-\n      NEW'),
  },
  {
    title: 'folded, several, a rule behind',
    before: `${rule('>-\n      AMY,\n      OLD,\n      BOB')}  - age: BOB\n`,
    shared: `${rule('>-\n      AMY,\n      OLD,\n      NEW,\n      BOB')}  - age: BOB\n`,
    cut: `${rule('>-\n      AMY,\n      NEW,\n      BOB')}  - age: BOB\n`,
  },
  {
    title: 'folded, the last of several',
    before: rule('>\n      AMY,\n      OLD\n\n'),
    shared: rule('>\n      AMY,\n      OLD,\n      NEW\n\n'),
    cut: rule('>\n      AMY,\n      NEW\n\n'),
  },
  {
    title: 'folded, several on a line',
    before: rule('>-\n      AMY,OLD,\n      BOB'),
    shared: rule('>-\n      AMY,OLD,NEW,\n      BOB'),
    cut: rule('>-\n      AMY,NEW,\n      BOB'),
  },
  {
    title: 'literal with commas',
    before: rule('|-\n      OLD,\n      AMY'),
    shared: rule('|-\n      OLD,\n      NEW,\n      AMY'),
    cut: rule('|-\n      NEW,\n      AMY'),
  },
  {
    title: 'double quotes over lines',
    before: rule('"AMY,\n      OLD"'),
    shared: rule('"AMY,\n      OLD,\n      NEW"'),
    cut: rule('"AMY,\n      NEW"'),
  },
  {
    title: 'a list of a rule in brackets',
    before: 'creation_rules:\n  - kms: []\n    pgp: []\n    age: [ "OLD", "AMY" ]\n',
    shared: 'creation_rules:\n  - kms: []\n    pgp: []\n    age: [ "OLD", "NEW", "AMY" ]\n',
    cut: 'creation_rules:\n  - kms: []\n    pgp: []\n    age: [ "NEW", "AMY" ]\n',
  },
  {
    title: 'a list in brackets over lines, with a comment',
    before: rule('[\n      OLD, # cluster\n      AMY,\n    ]'),
    shared: rule('[\n      OLD,\n      NEW, # cluster\n      AMY,\n    ]'),
    cut: rule('[\n      NEW, # cluster\n      AMY,\n    ]'),
  },
  {
    title: 'a block list of a rule',
    before: rule('\n      - AMY\n      - OLD'),
    shared: rule('\n      - AMY\n      - OLD\n      - NEW'),
    cut: rule('\n      - AMY\n      - NEW'),
  },
  {
    title: 'key groups',
    before: list('          - OLD\n          - AMY # friend\n'),
    shared: list('          - OLD\n          - NEW\n          - AMY # friend\n'),
    cut: list('          - NEW\n          - AMY # friend\n'),
  },
  {
    title: 'key groups, flush, quoted, commented, without final newline',
    before: list(`        # friend\n        - "AMY"\n        # cluster\n        - 'OLD' # of 2024`),
    shared: list(
      `        # friend\n        - "AMY"\n        # cluster\n        - 'OLD' # of 2024\n        - 'NEW'`,
    ),
    cut: list(`        # friend\n        - "AMY"\n        # cluster\n        - 'NEW'`),
  },
  {
    title: 'a rule that begins with a comment',
    before: 'creation_rules:\n  - # all\n    key_groups:\n    - age:\n      - OLD\n',
    shared: 'creation_rules:\n  - # all\n    key_groups:\n    - age:\n      - OLD\n      - NEW\n',
    cut: 'creation_rules:\n  - # all\n    key_groups:\n    - age:\n      - NEW\n',
  },
  {
    title: 'age and PGP in one group',
    before: list('          - OLD\n        pgp:\n          - FBC7B9E2A4F9289AC0C1D4843D16CEE4A27381B4\n'),
    shared: list(
      '          - OLD\n          - NEW\n        pgp:\n          - FBC7B9E2A4F9289AC0C1D4843D16CEE4A27381B4\n',
    ),
    cut: list('          - NEW\n        pgp:\n          - FBC7B9E2A4F9289AC0C1D4843D16CEE4A27381B4\n'),
  },
  {
    title: 'several key groups',
    before: list('          - AMY\n      - age:\n          - OLD\n    shamir_threshold: 2\n'),
    shared: list(
      '          - AMY\n      - age:\n          - OLD\n          - NEW\n    shamir_threshold: 2\n',
    ),
    cut: list('          - AMY\n      - age:\n          - NEW\n    shamir_threshold: 2\n'),
  },
  {
    title: 'anchors of keys',
    before: `keys:\n  - &host OLD\n  - &amy AMY\n${list('          - *host\n          - *amy\n')}`,
    shared: `keys:\n  - &host OLD,NEW\n  - &amy AMY\n${list('          - *host\n          - *amy\n')}`,
    cut: `keys:\n  - &host NEW\n  - &amy AMY\n${list('          - *host\n          - *amy\n')}`,
  },
  {
    title: 'aliases in brackets',
    before: `keys:\n  - &ci OLD\n  - &amy AMY\n${rule('[*amy, *ci]')}`,
    shared: `keys:\n  - &ci OLD,NEW\n  - &amy AMY\n${rule('[*amy, *ci]')}`,
    cut: `keys:\n  - &ci NEW\n  - &amy AMY\n${rule('[*amy, *ci]')}`,
  },
  {
    title: 'anchors in brackets',
    before: `keys: [&ci OLD, &amy AMY]\n${list('          - *amy\n          - *ci\n')}`,
    shared: `keys: [&ci OLD, &amy AMY]\n${list('          - *amy\n          - *ci\n          - NEW\n')}`,
    cut: `keys: [&ci OLD, &amy AMY]\n${list('          - *amy\n          - NEW\n')}`,
  },
  {
    title: 'nested anchors, an alias as a text, and the same recipient as a text',
    before: `keys:\n  - &hosts:\n    - &kazuki OLD\n${rule('"OLD,AMY"')}  - age: *kazuki\n`,
    shared: `keys:\n  - &hosts:\n    - &kazuki OLD,NEW\n${rule('"OLD,NEW,AMY"')}  - age: *kazuki\n`,
    cut: `keys:\n  - &hosts:\n    - &kazuki NEW\n${rule('"NEW,AMY"')}  - age: *kazuki\n`,
  },
  {
    title: 'an alias of a whole group',
    before:
      'groups:\n  a: &a\n    age:\n     - OLD\ncreation_rules:\n  - key_groups:\n    - *a\n    - age: [AMY]\n',
    shared:
      'groups:\n  a: &a\n    age:\n     - OLD\n     - NEW\ncreation_rules:\n  - key_groups:\n    - *a\n    - age: [AMY]\n',
    cut: 'groups:\n  a: &a\n    age:\n     - NEW\ncreation_rules:\n  - key_groups:\n    - *a\n    - age: [AMY]\n',
  },
  {
    title: 'an alias of all key groups',
    before: 'k: &k\n  - age:\n      - OLD\ncreation_rules:\n  - key_groups: *k\n',
    shared: 'k: &k\n  - age:\n      - OLD\n      - NEW\ncreation_rules:\n  - key_groups: *k\n',
    cut: 'k: &k\n  - age:\n      - NEW\ncreation_rules:\n  - key_groups: *k\n',
  },
  {
    title: 'groups that are merged',
    before: list('          - AMY\n        merge:\n          - age:\n              - OLD\n'),
    shared: list(
      '          - AMY\n        merge:\n          - age:\n              - OLD\n              - NEW\n',
    ),
    cut: list('          - AMY\n        merge:\n          - age:\n              - NEW\n'),
  },
  {
    title: 'merge keys, the own field counts',
    before:
      'base: &base\n  age: OLD\ncreation_rules:\n  - <<: *base\n    path_regex: x\n  - <<: *base\n    age: AMY\n',
    shared:
      'base: &base\n  age: OLD,NEW\ncreation_rules:\n  - <<: *base\n    path_regex: x\n  - <<: *base\n    age: AMY\n',
    cut: 'base: &base\n  age: NEW\ncreation_rules:\n  - <<: *base\n    path_regex: x\n  - <<: *base\n    age: AMY\n',
  },
  {
    title: 'a key of SSH beside it, with a comment',
    before: rule('"SSH amy@example.com,OLD"'),
    shared: rule('"SSH amy@example.com,OLD,NEW"'),
    cut: rule('"SSH amy@example.com,NEW"'),
  },
  {
    title: 'several rules, of which one has it already',
    before: `${rule('AMY')}  - age: OLD\n  - age: NEW,OLD\n`,
    shared: `${rule('AMY')}  - age: OLD,NEW\n  - age: NEW,OLD\n`,
    cut: `${rule('AMY')}  - age: NEW\n  - age: NEW\n`,
  },
  {
    title: 'Windows line ends',
    before: list('          - OLD\n          - AMY\n').replaceAll('\n', '\r\n'),
    shared: list('          - OLD\n          - NEW\n          - AMY\n').replaceAll('\n', '\r\n'),
    cut: list('          - NEW\n          - AMY\n').replaceAll('\n', '\r\n'),
  },
  {
    title: 'folded with Windows line ends',
    before: rule('>-\n      OLD,\n      AMY').replaceAll('\n', '\r\n'),
    shared: rule('>-\n      OLD,\n      NEW,\n      AMY').replaceAll('\n', '\r\n'),
    cut: rule('>-\n      NEW,\n      AMY').replaceAll('\n', '\r\n'),
  },
  {
    title: 'what sops publishes',
    before: `${rule('AMY')}destination_rules:\n  - s3_bucket: x\n    recreation_rule:\n      age: OLD\n`,
    shared: `${rule('AMY')}destination_rules:\n  - s3_bucket: x\n    recreation_rule:\n      age: OLD,NEW\n`,
    cut: `${rule('AMY')}destination_rules:\n  - s3_bucket: x\n    recreation_rule:\n      age: NEW\n`,
  },
  {
    title: 'JSON, settings behind',
    before: '{"creation_rules": [{"age": "OLD"}, {"key_groups": [{"age": ["OLD"]}]}], "stores": {}}\n',
    shared:
      '{"creation_rules": [{"age": "OLD,NEW"}, {"key_groups": [{"age": ["OLD", "NEW"]}]}], "stores": {}}\n',
    cut: '{"creation_rules": [{"age": "NEW"}, {"key_groups": [{"age": ["NEW"]}]}], "stores": {}}\n',
  },
  {
    title: 'a byte order mark, a second document',
    before: `\uFEFF---\n${rule('OLD')}---\n${rule('OLD')}`,
    shared: `\uFEFF---\n${rule('OLD,NEW')}---\n${rule('OLD')}`,
    cut: `\uFEFF---\n${rule('NEW')}---\n${rule('OLD')}`,
  },
]
