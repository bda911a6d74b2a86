import { execFileSync } from 'node:child_process'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { auditIn, auditOf, ofCodes } from '../../../helpers/audit.ts'
import { writeFiles } from '../../../helpers/files.ts'
import { encryptAs, encryptSecret, makeKey, sopsConfig } from '../../../helpers/keys.ts'
import { type TestRepository, withRepository } from '../../../helpers/repository.ts'
import { thrown } from '../../../helpers/thrown.ts'

const [one, two, three] = [makeKey().recipient, makeKey().recipient, makeKey().recipient]
const quantum = makeKey('-pq').recipient
const ssh = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB0zW3Ix2Rz7W0bQvV3J5iGyH2zq5X5iPzJ0Zl0Q8uXk'

const codes = ['recipient-missing', 'recipient-left', 'recipient-unknown', 'key-groups-differ', 'no-rule']

/** What the real sops makes of a file by the rules of the repository. */
function encryptByRule({ root, env }: TestRepository, file: string): string {
  const input = 'data:\n  a: hello\n'
  return execFileSync('sops', ['encrypt', '--filename-override', file], {
    cwd: root,
    env,
    input,
    encoding: 'utf8',
  })
}

/** Rules in forms that sops takes, each for the same two recipients or groups. */
const forms: Record<string, string> = {
  'a text with commas': `creation_rules: [{age: "${one},${two}"}]`,
  'a folded text': `creation_rules:\n  - age: >-\n      ${two},\n      ${one},\n`,
  'a list': `creation_rules:\n  - age:\n      - ${two}\n      - ${one}\n`,
  'a key group': `creation_rules:\n  - key_groups:\n      - age: [${one}, ${two}]\n`,
  'a key group with commas': `creation_rules:\n  - key_groups:\n      - age: ["${one},${two}"]\n`,
  'one key twice': `creation_rules:\n  - key_groups:\n      - age: [${one}, ${one}]\n`,
  'merged groups': `creation_rules:\n  - key_groups:\n      - merge: [{age: [${one}]}]\n        age: [${two}]\n`,
  'two groups': `creation_rules:\n  - key_groups:\n      - age: [${one}]\n      - age: [${two}]\n`,
  'three groups and a threshold': `creation_rules:\n  - shamir_threshold: 2\n    key_groups: [{age: [${one}]}, {age: [${two}]}, {age: [${three}]}]\n`,
  anchors: `keys:\n  - &a ${one}\n  - &b ${two}\ncreation_rules:\n  - age: [*a, *b]\n`,
  'an anchor of a whole group': `g: &g\n  age: [${one}]\ncreation_rules:\n  - key_groups: [*g]\n`,
  'a merge key': `base: &base\n  age: ${one}\ncreation_rules:\n  - <<: *base\n    path_regex: yaml$\n`,
  'a post-quantum key': `creation_rules: [{age: "${quantum},${one}"}]`,
  'a key of SSH': `creation_rules: [{age: ["${ssh} me@here", ${one}]}]`,
  'keys beside key groups, which do not count': `creation_rules:\n  - age: ${three}\n    key_groups: [{age: [${one}]}]\n`,
}

for (const [name, rules] of Object.entries(forms))
  test(`what sops encrypts by a rule follows it: ${name}`, () =>
    withRepository({ '.sops.yaml': rules }, async (repository) => {
      writeFiles(repository.root, { 'a.yaml': encryptByRule(repository, 'a.yaml') })
      assert.equal(ofCodes(await auditIn(repository), ...codes, 'settings-differ', 'settings-old'), [])
    }))

test('the comment of a key of SSH says nothing', () =>
  withRepository(
    { '.sops.yaml': `creation_rules: [{age: ["${ssh} me@here", ${one}]}]` },
    async (repository) => {
      const files = { 'a.yaml': encryptByRule(repository, 'a.yaml') }
      writeFiles(repository.root, { ...files, '.sops.yaml': `creation_rules: [{age: ["${ssh}", ${one}]}]` })
      assert.equal(ofCodes(await auditIn(repository), ...codes), [])
    },
  ))

test('a recipient that is missing, and one that is left over, with its line', async () => {
  const audited = await auditOf({ '.sops.yaml': sopsConfig(one, two), 'a.enc.yaml': encryptSecret(three) })
  assert.equal(ofCodes(audited, ...codes), [
    'a.enc.yaml:8 recipient-missing',
    'a.enc.yaml:8 recipient-missing',
    'a.enc.yaml:18 recipient-left',
  ])
  const [first, second, left] = audited.facts.filter(({ rule }) => rule)
  assert.equal([first?.recipient, second?.recipient, left?.recipient], [one, two, three])
})

test('key groups are compared as groups, in any order', async () => {
  const rule = (...groups: string[]) =>
    `creation_rules:\n  - path_regex: a\n    key_groups:\n${groups.map((keys) => `      - age: [${keys}]\n`).join('')}`
  const groups = (...args: string[]) => encryptAs('a.yaml', 'a: b\n', ...args)
  const split = groups('--age', one)
  await withRepository({ '.sops.yaml': rule(two, one) }, async (repository) => {
    const text = encryptByRule(repository, 'a.yaml')
    const found = async (rules: string, file: string) => {
      writeFiles(repository.root, { '.sops.yaml': rules, 'a.yaml': file })
      return ofCodes(await auditIn(repository), ...codes)
    }
    assert.equal(await found(rule(one, two), text), [])
    assert.equal(await found(rule(`${one}, ${two}`), text), ['a.yaml:3 key-groups-differ'])
    assert.equal(await found(rule(one, two), split), ['a.yaml:2 key-groups-differ'])
    const [missing, left] = await found(rule(one, three), text)
    assert.is(missing, 'a.yaml:3 recipient-missing')
    assert.match(left ?? '', /^a\.yaml:\d+ recipient-left$/)
  })
})

test('a file that no rule selects, and a recipient of it that no rule names', async () => {
  const audited = await auditOf({
    '.sops.yaml': sopsConfig(one, two),
    'a.yaml': encryptSecret(one),
    'b.yaml': encryptSecret(three),
    'examples/c.yaml': encryptSecret(three),
  })
  assert.equal(ofCodes(audited, ...codes), [
    'a.yaml:8 no-rule',
    'b.yaml:8 no-rule',
    'b.yaml:18 recipient-unknown',
  ])
  assert.equal(ofCodes(await auditOf({ 'a.yaml': encryptSecret(one) }), ...codes), [])
})

test('a file that follows one of several .sops.yaml', async () => {
  const audited = await auditOf({
    '.sops.yaml': sopsConfig(one, two),
    'inner/.sops.yaml': sopsConfig(three, two),
    'inner/outer.enc.yaml': encryptSecret(`${one},${two}`),
    'inner/own.enc.yaml': encryptSecret(`${three},${two}`),
    'inner/none.enc.yaml': encryptSecret(two),
  })
  assert.equal(ofCodes(audited, ...codes), ['inner/none.enc.yaml:8 recipient-missing'])
})

test('one recipient: once for each key', async () => {
  const rule = (path: string, ...keys: string[]) => `  - path_regex: ${path}\n    age: ${keys.join(',')}\n`
  const audited = await auditOf({
    '.sops.yaml': `creation_rules:\n${rule('^a', one)}${rule('^b', one)}${rule('^c', one, two)}`,
    'a.yaml': encryptSecret(one),
    'x.yaml': encryptSecret(three),
    'y.yaml': encryptSecret(three),
    'z.yaml': encryptSecret(`${one},${two}`),
  })
  assert.equal(ofCodes(audited, 'single-recipient'), [
    '.sops.yaml:3 single-recipient',
    'x.yaml:8 single-recipient',
  ])
  const [rules, files] = audited.facts.filter(({ what }) => what)
  assert.equal(
    [rules?.what, files?.what],
    ['what this rule encrypts and 1 other rule', 'this file and 1 other file'],
  )
})

test('settings that sops froze in the file', async () => {
  const encrypt = (...args: string[]) =>
    encryptAs('a.yaml', 'kind: Secret\ndata:\n  a: b\nstringData:\n  c: d\n', '--age', one, ...args)
  const audited = await auditOf({
    '.sops.yaml': sopsConfig(one),
    'all.enc.yaml': encrypt(),
    'half.enc.yaml': encrypt('--encrypted-regex', '^data$'),
    'archive/all.enc.yaml': encrypt(),
    'other.enc.yaml': encrypt('--encrypted-regex', '^(stringData|data)$'),
    'same.enc.yaml': encrypt('--encrypted-regex', '^(data|stringData)$'),
    'suffix.enc.yaml': encrypt('--encrypted-suffix', 'ata'),
  })
  assert.equal(ofCodes(audited, 'settings-differ', 'settings-old'), [
    'all.enc.yaml:1 settings-differ',
    'half.enc.yaml:5 settings-differ',
    'other.enc.yaml:6 settings-old',
    'suffix.enc.yaml:6 settings-old',
  ])
  const paths = audited.facts.flatMap(({ path, found }) => (found ? `${path} ${found}` : []))
  assert.equal(paths, ['kind encrypted', 'stringData.c left in the clear'])
})

test('a MAC of all values, where the rule wants one of the encrypted values', async () => {
  const text = encryptSecret(`${one},${two}`)
  const rules = sopsConfig(one, two)
  const audited = await auditOf({
    '.sops.yaml': `${rules}    mac_only_encrypted: true\n`,
    'a.enc.yaml': text,
  })
  assert.equal(ofCodes(audited, 'settings-old', 'settings-differ'), ['a.enc.yaml:8 settings-old'])
  const [{ setting, wanted } = {}] = audited.facts
  assert.equal([setting, wanted], ['mac_only_encrypted: false', 'mac_only_encrypted: true'])
})

test('a list of allowed recipients', () =>
  withRepository(
    { '.sops.yaml': sopsConfig(one, two), 'a.enc.yaml': encryptSecret(`${one},${three}`) },
    async (repository) => {
      const allowed = async (list: string) => {
        writeFiles(repository.directory, { 'list.txt': list })
        return auditIn(repository, { recipients: '../list.txt' })
      }
      const found = async (list: string) => ofCodes(await allowed(list), 'recipient-not-allowed')
      assert.equal(await found(`# the team\n${one}\n${two} # Bob\r\n\n${quantum}\n${ssh}\n${three}`), [])
      assert.equal(await found(`${one}\n`), [
        '.sops.yaml:4 recipient-not-allowed',
        'a.enc.yaml:27 recipient-not-allowed',
      ])
      for (const wrong of [one.slice(0, -1), makeKey().secret, 'Bob']) {
        const error = await thrown(allowed(`${one}\n${wrong}\n`))
        assert.is(error.message, 'line 2 of ../list.txt is no recipient of age')
      }
      const error = await thrown(auditIn(repository, { recipients: 'none.txt' }))
      assert.is(error.message, 'cannot read the recipients in none.txt: there is no such file')
      assert.equal(ofCodes(await auditIn(repository), 'recipient-not-allowed'), [])
    },
  ))

test.run()
