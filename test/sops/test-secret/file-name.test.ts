import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'
import { readFiles, writeFiles } from '../../helpers/files.ts'
import { type Example, withExample } from '../../helpers/flux/example.ts'
import { makeKey } from '../../helpers/keys.ts'
import { runTask } from '../../helpers/task.ts'

const infrastructure = 'kubernetes/infrastructure'
const directory = `${infrastructure}/sops-test`

const other = makeKey()

/** Rules as JSON, which is YAML: each is its path_regex, and its keys where they are not the user's own. */
function rulesOf({ key }: Example, rules: readonly (string | [string, object])[]): string {
  const creation_rules = rules.map((rule) => {
    const [path_regex, keys] = typeof rule === 'string' ? [rule, { age: key.recipient }] : rule
    return { ...(path_regex && { path_regex }), ...keys }
  })
  return JSON.stringify({ creation_rules })
}

const elsewhere = { age: other.recipient }
const ofCloud = { kms: 'arn:aws:kms:eu-west-1:111122223333:key/0d6ae0c3-0000-0000-0000-000000000000' }

interface Named {
  rules: (string | [string, object])[]
  /** From the directory of the Secret. */
  file: string
  rule: number
  args?: string[]
}

const named: Record<string, Named> = {
  'no path_regex': { rules: [''], file: 'secret.enc.yaml', rule: 1 },
  'the rule of cluster-template': {
    rules: [['talos/.*\\.sops\\.ya?ml', elsewhere], '(bootstrap|kubernetes)/.*\\.sops\\.ya?ml'],
    file: 'secret.sops.yaml',
    rule: 2,
  },
  'a directory that the Kustomization is in': {
    rules: [['^clusters/', elsewhere], '^kubernetes/infrastructure/.*'],
    file: 'secret.enc.yaml',
    rule: 2,
  },
  'a directory of any name': { rules: ['(^|/)secrets/.*'], file: 'secrets/secret.yaml', rule: 1 },
  'only .yml': { rules: ['\\.enc\\.yml$'], file: 'secret.enc.yml', rule: 1 },
  'only .json': { rules: ['\\.enc\\.json$'], file: 'secret.enc.json', rule: 1 },
  'a word before the dot': { rules: ['.*-secret\\.ya?ml$'], file: 'secret-secret.yaml', rule: 1 },
  'one name': { rules: ['/credentials\\.yaml$'], file: 'credentials.yaml', rule: 1 },
  'capital letters': { rules: ['(?i)\\.SOPS\\.YAML$'], file: 'secret.sops.yaml', rule: 1 },
  'first a rule without age': {
    rules: [['\\.enc\\.yaml$', ofCloud], '\\.sops\\.yaml$'],
    file: 'secret.sops.yaml',
    rule: 2,
  },
  'first a rule of somebody else': {
    rules: [['\\.enc\\.yaml$', elsewhere], '\\.key\\.yaml$'],
    file: 'secret.key.yaml',
    rule: 2,
  },
  'a name that the user gives': {
    rules: ['\\.enc\\.yaml$', 'x\\d+\\.yaml$'],
    args: ['--file-name', 'x1.yaml'],
    file: 'x1.yaml',
    rule: 2,
  },
  'a directory that the user gives': {
    rules: ['sealed/'],
    args: ['--file-name', 'sealed/a.yml'],
    file: 'sealed/a.yml',
    rule: 1,
  },
}

for (const [what, { rules, file, rule, args = [] }] of Object.entries(named)) {
  test(`the file is one that a rule selects, and it goes again: ${what}`, () =>
    withExample({}, async (example) => {
      const { root, env } = example
      writeFiles(root, { '.sops.yaml': rulesOf(example, rules) })
      const before = readFiles(root)
      const call = { cwd: root, env }
      const created = await runTask('sops:test-create', ['--json', ...args], call)
      assert.is(created.code, 0, created.stderr)
      const report = JSON.parse(created.stdout)
      assert.is(report.files[0], `${directory}/${file}`)
      assert.is(report.rule.number, rule)
      const files = readFiles(join(root, directory))
      assert.equal(Object.keys(files).sort(), ['kustomization.yaml', file].sort())
      assert.equal(parse(files['kustomization.yaml']!).resources, [file])
      const [recipient] = parse(files[file]!).sops.age
      assert.is(recipient.recipient, example.key.recipient)
      // as a person would do it, who has the key where sops looks for it
      const withKey = { ...env, SOPS_AGE_KEY_FILE: join(root, '.age-key.txt') }
      const decrypted = execFileSync('sops', ['decrypt', join(root, directory, file)], { env: withKey })
      assert.is(parse(`${decrypted}`).stringData.message, 'SOPS decryption works')

      const again = await runTask('sops:test-create', args, call)
      assert.match(again.stdout, /^secret\/sops-test unchanged\n/)
      const removed = await runTask('sops:test-remove', [], call)
      assert.is(removed.code, 0, removed.stderr)
      assert.match(removed.stdout, `${directory}/${file}\n`)
      assert.equal(readFiles(root), before)
    }))
}

test('the rules that SOPS_CONFIG names, wherever they are', () =>
  withExample({}, async (example) => {
    const { root, env, directory } = example
    writeFiles(directory, {
      'rules/mine.yaml': rulesOf(example, ['^kubernetes/', '/kubernetes/.*\\.sops\\.yaml$']),
    })
    const call = { cwd: root, env: { ...env, SOPS_CONFIG: '../rules/mine.yaml' } }
    const { code, stdout, stderr } = await runTask('sops:test-create', [], call)
    assert.is(code, 0, stderr)
    assert.match(stdout, `files          ${infrastructure}/sops-test/secret.sops.yaml\n`)
    assert.match(
      stdout,
      'by             creation rule 2 of SOPS_CONFIG (../rules/mine.yaml) (path_regex: /kubernetes/',
    )
  }))

interface Refused {
  rules: (string | [string, object])[]
  args?: string[]
  files?: Record<string, string>
  env?: Record<string, string>
  stderr: RegExp
}

const refused: Record<string, Refused> = {
  'no rule selects a name': {
    rules: ['^apps/', '^secrets/.*'],
    stderr:
      /^error: cannot encrypt a file in kubernetes\/infrastructure\/sops-test \(secret\.enc\.yaml, secret\.sops\.yaml, secret\.yaml, .*secrets\/secret\.yaml\): no creation rule selects it\. Tried:\n {2}creation rule 1 of \.sops\.yaml \(path_regex: \^apps\/\)\n {2}creation rule 2 of \.sops\.yaml \(path_regex: \^secrets\/\.\*\)\nhint: name a file that a rule selects with --file-name, or add a rule/,
  },
  'no rule selects the name that the user gives': {
    rules: ['\\.enc\\.yaml$'],
    args: ['--file-name', 'secret.yaml'],
    stderr:
      /cannot encrypt kubernetes\/infrastructure\/sops-test\/secret\.yaml: no creation rule selects it\. .*hint: choose another --file-name, or/s,
  },
  'a name that leads elsewhere': {
    rules: [''],
    args: ['--file-name', '../secret.yaml'],
    stderr: /--file-name \.\.\/secret\.yaml can't be used\nhint: /,
  },
  'the name of the kustomization file': {
    rules: [''],
    args: ['--file-name', 'kustomization.yaml'],
    stderr: /--file-name kustomization\.yaml can't be used/,
  },
  'a name that sops takes for binary': {
    rules: [''],
    args: ['--file-name', 'secret.enc'],
    stderr: /--file-name secret\.enc can't be used\nhint: .*\.yaml, \.yml or \.json/,
  },
  'only rules of other people': {
    rules: [['', elsewhere]],
    stderr:
      /can't decrypt .*\nhint: make creation rule 1 of \.sops\.yaml \(for every file\) name the recipient of the key/s,
  },
  'a rule file further down': {
    rules: [''],
    files: { 'kubernetes/.sops.yaml': '{"creation_rules": [{"path_regex": "^apps/"}]}' },
    stderr: /Tried:\n {2}creation rule 1 of kubernetes\/\.sops\.yaml \(path_regex: \^apps\/\)\n/,
  },
  'the rule file of SOPS_CONFIG': {
    rules: [''],
    files: { 'other/rules.yaml': '{"creation_rules": [{"path_regex": "^apps/"}]}' },
    env: { SOPS_CONFIG: 'other/rules.yaml' },
    stderr: /Tried:\n {2}creation rule 1 of SOPS_CONFIG \(other\/rules\.yaml\) \(path_regex: \^apps\/\)\n/,
  },
  'SOPS_CONFIG names a file that is not there': {
    rules: [''],
    env: { SOPS_CONFIG: 'gone.yaml' },
    stderr: /cannot read the creation rules of SOPS_CONFIG \(gone\.yaml\): there is no such file/,
  },
}

for (const [what, { rules, args = [], files = {}, env = {}, stderr }] of Object.entries(refused)) {
  test(`refused, and nothing is changed: ${what}`, () =>
    withExample(files, async (example) => {
      writeFiles(example.root, { '.sops.yaml': rulesOf(example, rules) })
      const before = readFiles(example.root)
      const call = { cwd: example.root, env: { ...example.env, ...env } }
      const ended = await runTask('sops:test-create', args, call)
      assert.match(ended.stderr, stderr)
      assert.is(ended.code, 2)
      assert.equal(readFiles(example.root), before)
    }))
}

test('one that is there under another name is not overwritten', () =>
  withExample({}, async ({ root, env }) => {
    const call = { cwd: root, env }
    assert.is((await runTask('sops:test-create', [], call)).code, 0)
    const before = readFiles(root)
    const { code, stderr } = await runTask('sops:test-create', ['--file-name', 'x.enc.yaml'], call)
    assert.is(code, 2)
    assert.match(stderr, /it is there already, as secret\.enc\.yaml\nhint: remove it first/)
    assert.equal(readFiles(root), before)
  }))

test.run()
