import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { namesFrom } from '../../../scripts/lib/paths.ts'
import {
  describeRule,
  findRuleFile,
  readCreationRules,
  recipientsInRules,
  ruleEnvironment,
  ruleFileInWorktree,
  ruleFor,
} from '../../../scripts/lib/sops/creation-rules.ts'
import { writeFiles } from '../../helpers/files.ts'
import { makeKey, sopsConfig } from '../../helpers/keys.ts'
import { type TestRepository, withRepository } from '../../helpers/repository.ts'
import { thrown } from '../../helpers/thrown.ts'

const [one, two] = [makeKey().recipient, makeKey().recipient]

test('findRuleFile: the nearest file above, never one outside of the repository', () =>
  withRepository({ 'a/.sops.yaml': '', '.sops.yaml': '' }, async (repository) => {
    const { root, directory } = repository
    const rulesOf = (path: string) => findRuleFile(join(root, path), repository, namesFrom(root))
    assert.equal(rulesOf('a/b'), { path: join(root, 'a/.sops.yaml'), name: 'a/.sops.yaml' })
    for (const path of ['b', '']) assert.is(rulesOf(path).path, join(root, '.sops.yaml'))
    repository.git('rm', '--quiet', '.sops.yaml')
    writeFiles(directory, { '.sops.yaml': '' })
    assert.throws(() => rulesOf('b'), /cannot encrypt a file in b: there is no \.sops\.yaml in it or above/)
    writeFiles(root, { '.sops.yml': '' })
    const { hint } = await thrown(Promise.resolve().then(() => rulesOf('b')))
    assert.is(hint, 'rename .sops.yml: sops does not read it')
  }))

test('findRuleFile: SOPS_CONFIG decides, and is named', () =>
  withRepository({ '.sops.yaml': '' }, async ({ root, env }) => {
    const repository = { root, env: { ...env, SOPS_CONFIG: 'other.yaml' } }
    const found = findRuleFile(root, repository, namesFrom(root))
    assert.equal(found, { path: join(root, 'other.yaml'), name: 'SOPS_CONFIG (other.yaml)' })
    const error = await thrown(readCreationRules(found))
    assert.is(
      error.message,
      'cannot read the creation rules of SOPS_CONFIG (other.yaml): there is no such file',
    )
  }))

test('ruleFileInWorktree: the rules of the worktree, where SOPS_CONFIG names those of the repository', () =>
  withRepository({ 'rules/a.yaml': '' }, async ({ root, directory, env, git }) => {
    const worktree = join(directory, 'worktree')
    git('worktree', 'add', '--quiet', '--detach', worktree)
    writeFiles(root, { 'rules/new.yaml': '' })
    const configOf = (SOPS_CONFIG: string | undefined) =>
      ruleFileInWorktree({ ...env, SOPS_CONFIG }, root, worktree).SOPS_CONFIG
    assert.is(configOf(join(root, 'rules/a.yaml')), join(worktree, 'rules/a.yaml'))
    for (const other of [join(root, 'rules/new.yaml'), join(directory, 'a.yaml'), undefined])
      assert.is(configOf(other), other)
  }))

test('readCreationRules: number, path_regex and age recipients, wherever in a rule they are', () =>
  withRepository(
    {
      '.sops.yaml': `creation_rules:
  - path_regex: &all .*
    age: >-
      ${one},
      ${two}
  - {path_regex: *all, key_groups: [{age: [${one}]}, {merge: [{age: [${two}]}], pgp: [x]}]}
  - path_regex: 12
  - path_regex: ''
    kms: arn:x
---
creation_rules: [{path_regex: of another document}]
`,
      bad: 'creation_rules: [',
    },
    async ({ root }) => {
      const rules = await readCreationRules({ path: join(root, '.sops.yaml'), name: 'rules' })
      const read = rules.map(({ number, pathRegex, recipients }) => ({ number, pathRegex, recipients }))
      assert.equal(read, [
        { number: 1, pathRegex: '.*', recipients: [one, two] },
        { number: 2, pathRegex: '.*', recipients: [one, two] },
        { number: 3, pathRegex: '12', recipients: [] },
        { number: 4, pathRegex: undefined, recipients: [] },
      ])
      const error = await thrown(readCreationRules({ path: join(root, 'bad'), name: 'bad' }))
      assert.match(error.message, /^cannot read the creation rules of bad: .* in line 1$/)
    },
  ))

test('describeRule', () => {
  const ruleFile = { path: '/x', name: '.sops.yaml' }
  const rule = { number: 2, pathRegex: 'a|b', recipients: [] }
  assert.is(describeRule({ ruleFile, rule }), 'creation rule 2 of .sops.yaml (path_regex: a|b)')
  assert.is(
    describeRule({ ruleFile, rule: { ...rule, pathRegex: undefined } }),
    'creation rule 2 of .sops.yaml (for every file)',
  )
})

/** Each rule by its path_regex, and the file that is asked about, from the root. The rules are in `rules/.sops.yaml` or the root. */
const matches: [rules: string[], file: string, configDirectory?: string][] = [
  [['\\.enc\\.(json|yaml)$'], 'a/secret.enc.yaml'],
  [['\\.enc\\.(json|yaml)$'], 'a/secret.enc.yml'],
  [['(bootstrap|kubernetes)/.*\\.sops\\.ya?ml'], 'kubernetes/a/secret.sops.yaml'],
  [['secrets/.*', '^a/'], 'a/b.yaml'],
  [['^b/', '^a/', '.*'], 'a/b.yaml'],
  // the path begins at the directory of the rules
  [['^sub/'], 'sub/a.yaml', 'sub'],
  [['^a\\.yaml$'], 'sub/a.yaml', 'sub'],
  // or is absolute where it is not below that
  [['^/.*/repository/other/a\\.yaml$', '^other/'], 'other/a.yaml', 'sub'],
  [['^other/'], 'other/a.yaml', 'sub'],
  // what Go reads in another way than JavaScript, or JavaScript not at all
  [['(?i)SECRET'], 'a/secret.yaml'],
  [['(?P<name>secret)\\.yaml\\z'], 'a/secret.yaml'],
  [['\\Qsecret.yaml\\E'], 'a/secret-yaml'],
  [['[[:alpha:]]+\\.yaml$'], 'a/1.yaml'],
  [['\\pL+\\.yaml$'], 'a/é.yaml'],
  [['(?s:a.b)'], 'a/b.yaml'],
  [['a{,2}b'], 'a/b.yaml'],
  [['', 'a'], 'a/b.yaml'],
]

/** The number of the rule that the real sops takes: each rule has an own `encrypted_regex`, which it writes into the file. */
function askSops({ root, env }: TestRepository, config: string, file: string): number | undefined {
  const types = ['--input-type', 'json', '--output-type', 'json', '--filename-override', join(root, file)]
  try {
    const args = ['--config', join(root, config), 'encrypt', ...types]
    const output = execFileSync('sops', args, { cwd: root, env, input: '{"a":"b"}', stdio: 'pipe' })
    return Number(JSON.parse(output.toString()).sops.encrypted_regex)
  } catch (error) {
    assert.match(String((error as { stderr: Buffer }).stderr), 'no matching creation rules found')
    return undefined
  }
}

test('ruleFor: takes the rule that the real sops takes', () =>
  withRepository({}, async (repository) => {
    const { root } = repository
    for (const [rules, file, directory = ''] of matches) {
      const config = join(directory, '.sops.yaml')
      const creation_rules = rules.map((path_regex, index) => ({
        path_regex,
        age: one,
        encrypted_regex: `${index + 1}`,
      }))
      writeFiles(root, { [config]: JSON.stringify({ creation_rules }) })
      const ruleFile = { path: join(root, config), name: config }
      const found = await ruleFor(join(root, file), await readCreationRules(ruleFile), ruleFile)
      assert.is(found?.number, askSops(repository, config, file), `${rules.join(' ')} for ${file}`)
    }
  }))

test('ruleFor: a rule that Go could not read is named, where sops would come to it', () =>
  withRepository({}, async ({ root }) => {
    const ruleFile = { path: join(root, '.sops.yaml'), name: '.sops.yaml' }
    const rules = ['a', '(?=b)'].map((pathRegex, index) => ({ number: index + 1, pathRegex, recipients: [] }))
    assert.is((await ruleFor(join(root, 'a.yaml'), rules, ruleFile))?.number, 1)
    const error = await thrown(ruleFor(join(root, 'b.yml'), rules, ruleFile))
    assert.match(
      error.message,
      /^sops cannot read creation rule 2 of \.sops\.yaml \(path_regex: \(\?=b\)\): .*Perl syntax/,
    )
  }))

test('ruleEnvironment: no variable takes the place of what a rule says', () =>
  withRepository({ '.sops.yaml': `creation_rules: [{age: ${one}}]` }, async (repository) => {
    const { root, env } = repository
    const names = ['AGE_RECIPIENTS', 'PGP_FP', 'KMS_ARN', 'GCP_KMS_IDS', 'HUAWEICLOUD_KMS_IDS']
    const all = [...names, 'AZURE_KEYVAULT_URLS', 'VAULT_URIS', 'CONFIG'].map((name) => `SOPS_${name}`)
    const set = Object.fromEntries(all.map((name) => [name, two]))
    const json = ['--input-type', 'json', '--output-type', 'json', '--filename-override', 'x.json']
    const options = { cwd: root, env: ruleEnvironment({ ...env, ...set }), input: '{"a":"b"}' }
    const { sops } = JSON.parse(execFileSync('sops', ['encrypt', ...json], options).toString())
    assert.equal(
      sops.age.map(({ recipient }: { recipient: string }) => recipient),
      [one],
    )
  }))

test('recipientsInRules: of every .sops.yaml, and of no other file', () =>
  withRepository(
    { '.sops.yaml': sopsConfig(one), 'a/b/.sops.yaml': sopsConfig(two), 'c.yaml': makeKey().recipient },
    async (repository) => assert.equal(await recipientsInRules(repository), new Set([one, two])),
  ))

test.run()
