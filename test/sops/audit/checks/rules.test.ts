import { execFileSync, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readCreationRules } from '../../../../scripts/lib/sops/creation-rules.ts'
import { type Audited, auditIn, auditOf, ofCodes } from '../../../helpers/audit.ts'
import { writeFiles } from '../../../helpers/files.ts'
import { makeKey, sopsConfig } from '../../../helpers/keys.ts'
import { withRepository } from '../../../helpers/repository.ts'

const [one, two] = [makeKey().recipient, makeKey().recipient]

/** All that is found in rules, but the note on a single recipient. */
function ofRules({ found }: Audited): string[] {
  return found.filter((one) => / rules?-/.test(one))
}

/** Rules of these expressions, which stand in line 2, 4 … */
function rulesOf(...expressions: string[]): string {
  const rules = expressions.map((text) => `  - path_regex: ${JSON.stringify(text)}\n    age: ${one},${two}\n`)
  return `creation_rules:\n${rules.join('')}`
}

/** Whether the real sops encrypts `a.yaml` by these rules. */
function isTaken(text: string): Promise<boolean> {
  return withRepository({ '.sops.yaml': text }, async ({ root, env }) => {
    const args = ['encrypt', '--filename-override', 'a.yaml', '--input-type', 'yaml', '--output-type', 'yaml']
    try {
      execFileSync('sops', args, { cwd: root, env, input: 'a: b\n', stdio: 'pipe' })
      return true
    } catch {
      return false
    }
  })
}

/** What is wrong with a rule; sops refuses those whose code is an error of the whole file. */
const wrong: [text: string, found: string, taken: boolean][] = [
  ['creation_rules: [', 'rules-unreadable', false],
  ['- a', 'rules-unreadable', false],
  [`creation_rules: {age: ${one}}`, 'rules-unreadable', false],
  [`creation_rules: [{key_groups: {age: [${one}]}}]`, 'rules-unreadable', false],
  [`creation_rules: [{key_groups: [{age: ${one}}]}]`, 'rules-unreadable', false],
  [`creation_rules: [{age: ${one}, path_regex: [a]}]`, 'rules-unreadable', false],
  [`creation_rules: [{age: ${one}, mac_only_encrypted: "true"}]`, 'rules-unreadable', false],
  [`creation_rules: [{age: ${one}, shamir_threshold: two}]`, 'rules-unreadable', false],
  [`creation_rules: [{age: ${one}, hckms: a}]`, 'rules-unreadable', false],
  [`creation_rule: [{age: ${one}}]`, 'rules-none', false],
  [`creation_rules: [{age: ${one}, path_regex: '(?!x)a'}]`, 'rule-regex-broken', false],
  [`creation_rules: [{age: ${one}, path_regex: '*.yaml'}]`, 'rule-regex-broken', false],
  [`creation_rules: [{age: ${one}, encrypted_regex: a, encrypted_suffix: b}]`, 'rule-settings-clash', false],
  [`creation_rules: [{path_regex: yaml}]`, 'rule-without-key', false],
  [`creation_rules: [{key_groups: [{}]}]`, 'rule-without-key', false],
  [`creation_rules: [{age: ${one}, encrypted_regex: '(?!x)a'}]`, 'rule-selector-broken', true],
  [`creation_rules: [{age: ${one}, encrypted_regexp: a}]`, 'rule-field-unknown', true],
  [`creation_rules: [{key_groups: [{age: [${one}], azure_kv: [a]}]}]`, 'rule-field-unknown', true],
  [`creation_rules: [{age: ${two}, key_groups: [{age: [${one}]}]}]`, 'rule-keys-ignored', true],
]

for (const [text, found, taken] of wrong)
  test(`${found}: ${text.replaceAll(one, 'ONE').replaceAll(two, 'TWO')}`, async () => {
    const audited = await auditOf({ '.sops.yaml': text })
    assert.match(ofRules(audited).join(), new RegExp(`^\\.sops\\.yaml(?::1)? ${found}$`))
    assert.is(await isTaken(text), taken)
  })

test('what sops takes is nothing to find', async () => {
  const texts = [
    `creation_rules: [{path_regex: a, age: [${one}], mac_only_encrypted: yes, shamir_threshold: 2}]`,
    `creation_rules: [{age: ${one}, pgp: [], kms: null, hc_vault: [], description: "for all", x-owner: me}]`,
    `keys: [&a ${one}]\ngroups: {a: &g {age: [*a]}}\ncreation_rules: [{key_groups: [*g], path_regex: "(a|b)\\\\.ya?ml$"}]`,
    `stores: {yaml: {indent: 2}}\ncreation_rules: [{age: "${one},", path_regex: "^a[^/]*[.]yaml"}]`,
  ]
  for (const text of texts) {
    assert.equal(ofRules(await auditOf({ '.sops.yaml': text })), [], text)
    assert.ok(await isTaken(text), text)
  }
})

test('the line of a field that sops does not take', async () => {
  const groups = `key_groups:\n      - merge:\n          - age: [${one}]\n            pgp: x\n`
  const audited = await auditOf({ '.sops.yaml': `creation_rules:\n  - ${groups}` })
  assert.equal(ofRules(audited), ['.sops.yaml:5 rules-unreadable'])
  assert.is(audited.facts[0]?.problem, 'pgp is no list of texts in line 5')
})

/** Whether sops publishes something by these rules: it looks for a rule before it looks at the file. */
function isPublishing(text: string): Promise<boolean> {
  return withRepository({ '.sops.yaml': text, 'a.yaml': 'a: b\n' }, async ({ root, env }) => {
    const { stderr } = spawnSync('sops', ['publish', 'a.yaml'], { cwd: root, env, encoding: 'utf8' })
    return !stderr.includes('no matching destination')
  })
}

/** A file with other things than creation rules, or with nothing. */
const others: [text: string, isForPublishing: boolean][] = [
  ['# to do\n', false],
  ['stores: {}\n', false],
  ['stores: {yaml: {indent: 2}}\n', false],
  ['creation_rules:\n', false],
  ['destination_rules: []\n', false],
  ['destination_rules: [{path_regex: a, s3_bucket: b}]\n', true],
]

for (const [text, isForPublishing] of others)
  test(`a file without creation rules: ${text.trim()}`, async () => {
    const audited = await auditOf({ '.sops.yaml': text })
    assert.equal(ofRules(audited), isForPublishing ? [] : ['.sops.yaml rules-none'])
    assert.is(await isTaken(text), false)
    assert.is(await isPublishing(text), isForPublishing)
  })

for (const [encoding, swap] of [
  ['UTF-16 with the low byte first', false],
  ['UTF-16 with the high byte first', true],
] as const)
  test(`rules in ${encoding}, as sops reads them`, () =>
    withRepository({ 'secret.enc.yaml': 'password: hunter22\n' }, async (repository) => {
      const bytes = Buffer.from(`\ufeff${rulesOf('\\.enc\\.yaml$').replaceAll('\n', '\r\n')}`, 'utf16le')
      const file = join(repository.root, '.sops.yaml')
      writeFileSync(file, swap ? bytes.swap16() : bytes)
      for (const staged of [false, true]) {
        if (staged) repository.git('add', '.')
        const audited = await auditIn(repository, { staged })
        assert.equal(ofRules(audited), [], `staged: ${staged}`)
        assert.is(ofCodes(audited, 'plain-file').length, staged ? 0 : 1)
      }
      const { root, env } = repository
      const rules = await readCreationRules({ path: file, name: '.sops.yaml' })
      assert.equal(
        rules.map(({ recipients }) => recipients),
        [[one, two]],
      )
      execFileSync('sops', ['encrypt', 'secret.enc.yaml'], { cwd: root, env, stdio: 'pipe' })
    }))

test('rules of examples', async () => {
  assert.equal(ofRules(await auditOf({ 'examples/a/.sops.yaml': rulesOf('*') })), [])
})

test('globs', async () => {
  const globs = ['clusters/*/secrets/.*\\.yaml', 'a-*.yaml', '\\.{yaml,yml}$']
  const right = [
    'clusters/.*/secrets/[^/]*\\.yaml$',
    '(a|b)*x',
    '\\w*\\.yaml',
    'a{1,2}',
    '[./*]q',
    '\\.\\d*$',
  ]
  const audited = await auditOf({ '.sops.yaml': rulesOf(...globs, ...right) })
  assert.equal(
    ofRules(audited),
    globs.map((_, index) => `.sops.yaml:${2 * index + 2} rule-glob`),
  )
})

/** Whether the second rule never decides. */
const orders: [first: string, second: string, shadowed: boolean, files?: string[]][] = [
  ['', 'a', true],
  ['a', 'a', true],
  ['k8s/.*\\.ya?ml', 'k8s/clusters/a/iac/.*\\.ya?ml', true],
  ['.*\\.yaml$', 'secrets/.*\\.yaml$', true],
  ['\\.(yaml|json)$', '\\.enc\\.yaml$', true],
  ['.*\\.yaml$', 'secrets/.*\\.ya?ml$', false],
  ['k8s/.*\\.ya?ml', '.*\\.sops\\.ya?ml', false, ['k8s/a.sops.yaml', 'k8s/b.yaml']],
  ['talos/.*\\.sops\\.ya?ml', '(bootstrap|kubernetes)/.*\\.sops\\.ya?ml', false],
  ['^a/.*', 'a/.*', false],
  ['a/.*\\.yaml$', 'a/.*\\.yaml', false],
  ['a/b', 'a/[a-z]', false],
  ['(?!x)', 'a', false],
]

for (const [first, second, shadowed, files = []] of orders)
  test(`${first || 'a rule for all'} before ${second}: ${shadowed ? 'it never decides' : 'both may decide'}`, async () => {
    const audited = await auditOf({
      '.sops.yaml': rulesOf(first, second),
      ...Object.fromEntries(files.map((file) => [file, 'a: b\n'])),
    })
    assert.equal(ofCodes(audited, 'rule-shadowed'), shadowed ? ['.sops.yaml:4 rule-shadowed'] : [])
  })

test('a path that begins at the root, and backslashes', async () => {
  const audited = await auditOf({
    'team/prod/.sops.yaml': rulesOf(
      '^team/prod/secrets/',
      'prod/secrets/',
      '^secrets/',
      'secrets\\\\.*',
      '(/|\\\\)secrets',
      'secrets[/\\\\].*',
      'prod/nothing/',
    ),
    'team/prod/secrets/a.yaml': 'a: b\n',
    'team/prod/x/secrets/b.yaml': 'a: b\n',
  })
  assert.equal(ofCodes(audited, 'rule-path-repeated', 'rule-backslash'), [
    'team/prod/.sops.yaml:2 rule-path-repeated',
    'team/prod/.sops.yaml:4 rule-path-repeated',
    'team/prod/.sops.yaml:8 rule-backslash',
  ])
  const facts = audited.facts.flatMap(({ directory }) => directory ?? [])
  assert.equal(facts, ['team/prod', 'prod'])
})

test('several files with rules, and one with a name that sops does not read', async () => {
  const rules = sopsConfig(one, two)
  const audited = await auditOf({
    '.sops.yaml': rules,
    'a/.sops.yaml': rules,
    'a/b/.sops.yml': rules,
  })
  assert.equal(ofRules(audited), ['a/.sops.yaml rules-nested', 'a/b/.sops.yml rules-misnamed'])
  assert.is(audited.facts[1]?.renamed, 'a/b/.sops.yaml')
  assert.equal(ofRules(await auditOf({ 'a/.sops.yaml': rules, 'b/.sops.yaml': rules })), [])
})

test('SOPS_CONFIG: its rules count, and it is said where others do not', () =>
  withRepository({ '.sops.yaml': sopsConfig(one, two) }, async ({ root, env }) => {
    const found = async (SOPS_CONFIG: string) =>
      ofRules(await auditIn({ root, env: { ...env, SOPS_CONFIG } }))
    assert.equal(await found(`${root}/.sops.yaml`), [])
    assert.equal(await found('/elsewhere/rules.yaml'), ['SOPS_CONFIG rules-by-variable'])
    writeFiles(root, { 'rules/team.yaml': rulesOf('*') })
    assert.equal(await found('rules/team.yaml'), [
      'SOPS_CONFIG rules-by-variable',
      'rules/team.yaml:2 rule-regex-broken',
    ])
  }))

test('a commit is not judged by the rules that it does not change', () =>
  withRepository({ '.sops.yaml': rulesOf('*') }, async (repository) => {
    writeFiles(repository.root, { 'a/.sops.yaml': rulesOf('(') })
    repository.git('add', '.')
    const audited = await auditIn(repository, { staged: true })
    assert.equal(ofCodes(audited, 'rule-regex-broken'), ['a/.sops.yaml:2 rule-regex-broken'])
  }))

test.run()
