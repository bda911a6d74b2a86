import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'
import { usualIndent } from '../../../scripts/sops/init/indent.ts'
import { usedNames } from '../../../scripts/sops/init/names.ts'
import { newRules } from '../../../scripts/sops/init/rules.ts'
import { writeFiles } from '../../helpers/files.ts'
import { recipientIn, withInit } from '../../helpers/init.ts'
import { encryptAs, encryptSecret, makeKey, makeSshRecipient, sopsConfig } from '../../helpers/keys.ts'

const [key, other] = [makeKey(), makeKey()]
const manifest = 'apiVersion: v1\nkind: Secret\nmetadata:\n    name: db\nstringData:\n    password: planted\n'

/** What each rule selects; those for whole files with a mark. */
function rulesFor(files: Record<string, string>): string[] {
  return newRules(usedNames(Object.keys(files), [], (file) => files[file])).map(
    ({ pathRegex, isForManifests }) => `${pathRegex}${isForManifests ? '' : ' whole'}`,
  )
}

test('the rules select the names in use, and those of the README where there are none', () => {
  const usual = '\\.enc\\.(json|yaml)$'
  const cases: [files: Record<string, string>, rules: string[]][] = [
    [{}, [usual]],
    [
      {
        'a.yaml': manifest,
        'sops.yaml': '',
        'x.enc.go': '',
        'docs/a.sops.yaml.md': '',
        'b.sops.yaml.j2': '',
      },
      [usual],
    ],
    [{ 'a.sops.yaml': manifest }, ['\\.sops\\.yaml$']],
    [{ 'a.sops.yaml': manifest, 'b/c.sops.yml': manifest, 'd.sops.yaml': '' }, ['\\.sops\\.(yaml|yml)$']],
    [{ 'a.sops.yaml': manifest, 'b.enc.yaml': manifest }, ['\\.(enc|sops)\\.yaml$']],
    [{ 'a.enc.json': '{"kind":"Secret"}' }, ['\\.enc\\.json$']],
    [{ 'a.sops.env': 'a=b' }, ['\\.sops\\.(json|yaml)$', '\\.sops\\.env$ whole']],
    [
      { 'a.enc.yaml': manifest, 'a.enc.env': 'a=b', 'b.enc.ini': '[a]', 'tls.enc.key': 'x' },
      ['\\.enc\\.yaml$', '\\.enc\\.(env|ini|key)$ whole'],
    ],
    [
      {
        'a.sops.yaml': manifest,
        'talos/talsecret.sops.yaml': 'cluster:\n  id: x\n',
        'v (1).sops.yaml': 'a: 1\n',
      },
      ['^(talos/talsecret\\.sops\\.yaml|v \\(1\\)\\.sops\\.yaml)$ whole', '\\.sops\\.yaml$'],
    ],
  ]
  for (const [files, rules] of cases) assert.equal(rulesFor(files), rules, Object.keys(files).join())
})

test('sops indents as most of the YAML does', () => {
  const [two, four] = ['a: 1\nb:\n  c: 1\n', 'a: # why\n    b: 1\n']
  const indent = (...texts: string[]) =>
    usualIndent(
      texts.map((_, index) => `${index}.yaml`),
      (file) => texts[Number.parseInt(file, 10)],
    )
  assert.is(indent(), 2)
  assert.is(indent(four, four, two), 4)
  assert.is(indent(four, two), 2)
  assert.is(indent('a: |\n    text\n', 'a:\n    - b\n', 'a:\n      b: 1\n'), 2)
})

test('every form in use is encrypted by the new rules as it is meant to be, by the real sops', () => {
  const files = {
    'apps/db.sops.yaml': manifest,
    'apps/db.sops.json': '{"kind":"Secret","stringData":{"password":"planted"}}',
    'apps/values.sops.yaml': 'db:\n    password: planted\n',
    "apps/it's #1: odd.sops.yaml": 'db:\n    password: planted\n',
    'apps/db.sops.env': 'password=planted\n',
    'apps/db.sops.ini': '[db]\npassword = planted\n',
    'apps/db.sops.txt': 'planted',
  }
  return withInit(files, async ({ root, env, init }) => {
    const { code, stderr } = await init()
    assert.is(code, 0, stderr)
    const withKey = { ...env, SOPS_AGE_KEY_FILE: join(root, '.age-key.txt') }
    for (const file of Object.keys(files)) {
      execFileSync('sops', ['encrypt', '--in-place', file], { cwd: root, env: withKey })
      const text = readFileSync(join(root, file), 'utf8')
      assert.not.match(text, 'planted', file)
      assert.is(/kind"?: "?Secret/.test(text), /db\.sops\.(yaml|json)$/.test(file), file)
      if (file.endsWith('yaml')) assert.match(text, /^ {4}password: ENC/m)
      const opened = execFileSync('sops', ['decrypt', file], { cwd: root, env: withKey, encoding: 'utf8' })
      assert.match(opened, 'planted')
    }
    // none is missed, and nothing changes
    assert.match((await init()).stdout, /^unchanged\n/)
    assert.is((await init(['--check'])).code, 0)
  })
})

test('--backup: each rule names it, and no hint asks for one; SSH is said to be for people', () =>
  withInit({ 'a.enc.yaml': manifest, 'a.enc.env': 'a=b' }, async ({ root, init }) => {
    const ssh = `${makeSshRecipient()} me@home`
    const { code, stdout, stderr } = await init(['--backup', other.recipient, '--backup', ssh])
    assert.is(code, 0, stderr)
    const own = recipientIn(join(root, '.age-key.txt'))
    const { creation_rules: rules } = parse(readFileSync(join(root, '.sops.yaml'), 'utf8'))
    for (const { age } of rules) assert.equal(age.split(',\n'), [own, other.recipient, ssh])
    assert.is(rules.length, 2)
    assert.match(stdout, `  encrypted to  ${own}\n                ${other.recipient}\n`)
    assert.not.match(stderr, 'can open what the new rules encrypt')
    assert.match(stderr, `hint: the backup ${ssh.split(' ', 2).join(' ')} is a key of SSH`)
    assert.match((await init(['--backup', other.recipient, '--backup', ssh])).stdout, /^unchanged\n/)
  }))

test('a --backup that is no public key is refused, and never shown', () =>
  withInit({}, async ({ files, init }) => {
    const wrong = [
      [other.secret, 'a value of --backup is a private key'],
      [other.recipient.slice(0, -1), 'a value of --backup is no public key of age or SSH'],
      ['age1yubikey1qqqqqq', 'a value of --backup is no public key of age or SSH'],
      ['ssh-dss AAAA', 'a value of --backup is no public key of age or SSH'],
      ['planted', 'a value of --backup is no public key of age or SSH'],
    ]
    for (const [recipient = '', said = ''] of wrong) {
      const { code, stdout, stderr } = await init(['--backup', recipient])
      assert.is(code, 2)
      assert.is(stdout, '')
      assert.match(stderr, said)
      assert.not.match(stderr, recipient)
    }
    assert.equal(files(), [])
  }))

test('files that are encrypted without rules: their recipients are those of the rules, whatever they are called', () =>
  withInit(
    {
      'apps/db/secret.yaml': encryptSecret(`${key.recipient},${other.recipient}`),
      'apps/env': encryptAs('env', 'a=b', '--age', key.recipient),
      'db.sops.yaml': encryptSecret(key.recipient),
    },
    async ({ root, env, init }) => {
      writeFileSync(join(root, '.age-key.txt'), key.text, { mode: 0o600 })
      const { code, stderr } = await init()
      assert.is(code, 0, stderr)
      const { creation_rules: rules } = parse(readFileSync(join(root, '.sops.yaml'), 'utf8'))
      assert.equal(
        rules.map((rule: Record<string, string>) => [rule.path_regex, rule.encrypted_regex]),
        [
          ['^apps/env$', undefined],
          ['\\.sops\\.yaml$', '^(data|stringData)$'],
          ['(^|/)secret\\.yaml$', '^(data|stringData)$'],
        ],
      )
      const recipients = [key.recipient, other.recipient].toSorted()
      for (const { age } of rules) assert.equal(age.split(',\n').toSorted(), recipients)
      const withKey = { ...env, SOPS_AGE_KEY_FILE: join(root, '.age-key.txt') }
      for (const file of ['apps/db/secret.yaml', 'apps/env', 'db.sops.yaml'])
        execFileSync('sops', ['updatekeys', '--yes', file], { cwd: root, env: withKey, stdio: 'ignore' })
    },
  ))

test('rules that are there stay, and what they lack is said with what to add', () => {
  const rules = sopsConfig(other.recipient)
  const repository = {
    '.sops.yaml': rules,
    'apps/db.enc.yaml': encryptSecret(`${key.recipient},${other.recipient}`),
    'apps/db.sops.env': 'a=b\n',
    'apps/two.sops.env': 'a=b\n',
    'apps/db.sops.yaml': manifest,
    '.gitignore': '/.age-key.txt*\n',
  }
  return withInit(repository, async ({ root, git, init }) => {
    writeFileSync(join(root, '.age-key.txt'), key.text, { mode: 0o600 })
    const backup = makeKey().recipient
    const { code, stdout, stderr } = await init(['--backup', backup])
    assert.is(code, 0)
    assert.match(stdout, /^unchanged\n/)
    assert.is(git('status', '--porcelain'), '')
    for (const said of [
      `warning: .sops.yaml: no creation rule names ${key.recipient}, the key at hand\n`,
      `warning: .sops.yaml: no creation rule names ${backup}, the backup\n`,
      'warning: .sops.yaml: no creation rule selects apps/db.sops.env\n',
      'hint: add a rule with `path_regex: \\.sops\\.env$, mac_only_encrypted: true` and the recipients',
      'warning: .sops.yaml: no creation rule selects apps/db.sops.yaml\n',
      '`path_regex: \\.sops\\.yaml$, encrypted_regex: ^(data|stringData)$, mac_only_encrypted: true`',
    ])
      assert.ok(stderr.includes(said), `${said}\n${stderr}`)
    assert.not.match(stderr, 'two.sops.env')
    const checked = await init(['--check'])
    assert.is(checked.code, 1)
    assert.match(checked.stdout, '(key-in-no-rule)')
    assert.match(checked.stdout, '(names-in-no-rule)')
  })
})

test('rules in directories count for the files there', () =>
  withInit(
    {
      'one/.sops.yaml': sopsConfig(key.recipient),
      'one/db.enc.yaml': encryptSecret(key.recipient),
      'two/db.enc.yaml': encryptSecret(key.recipient),
    },
    async ({ root, files, init }) => {
      writeFileSync(join(root, '.age-key.txt'), key.text, { mode: 0o600 })
      const names = [...files(), '.gitignore'].toSorted()
      const { code, stderr } = await init()
      assert.is(code, 0)
      assert.not.match(stderr, 'selects one/')
      assert.equal(files(), names)
    },
  ))

const unusable: [name: string, files: Record<string, string>, code: number, said: string][] = [
  ['empty', { '.sops.yaml': '' }, 1, '.sops.yaml: has no creation_rules'],
  ['without rules', { '.sops.yaml': 'creation_rules: []\n' }, 1, '.sops.yaml: has no creation_rules'],
  [
    'without a key',
    { '.sops.yaml': 'creation_rules:\n  - path_regex: a\n' },
    1,
    'creation rule 1 names no key',
  ],
  ['unreadable', { '.sops.yaml': 'creation_rules: {\n' }, 2, '.sops.yaml: sops cannot read it'],
  ['misnamed', { '.sops.yml': sopsConfig(other.recipient) }, 1, '.sops.yml: is not read by sops'],
  ['misnamed below', { 'a/.sops.yml': sopsConfig(other.recipient) }, 1, '`git mv a/.sops.yml a/.sops.yaml`'],
]

for (const [name, files, code, said] of unusable)
  test(`rules that cannot be used, ${name}: nothing is made`, () =>
    withInit(files, async ({ git, init }) => {
      const ended = await init()
      assert.is(ended.code, code)
      assert.ok(ended.stderr.includes(said), ended.stderr)
      assert.is(git('status', '--porcelain', '--ignored'), '')
      assert.is((await init(['--check'])).code, 1)
    }))

test('SOPS_CONFIG with another file is refused by its name', () =>
  withInit({ 'config/sops.yaml': sopsConfig(key.recipient) }, async ({ root, files, init }) => {
    const path = join(root, 'config/sops.yaml')
    const { code, stderr } = await init([], { env: { SOPS_CONFIG: 'config/sops.yaml' } })
    assert.is(code, 1)
    assert.match(stderr, `SOPS_CONFIG is set to ${path}`)
    assert.equal(files(), ['config/sops.yaml'])
    assert.is((await init([], { env: { SOPS_CONFIG: '.sops.yaml' } })).code, 0)
  }))

test('a sparse checkout is refused', () =>
  withInit({ 'in/a': 'a', 'out/b': 'b' }, async ({ git, files, init }) => {
    git('sparse-checkout', 'set', 'in')
    const names = files()
    const { code, stderr } = await init()
    assert.is(code, 1)
    assert.match(stderr, 'this is a sparse checkout')
    assert.equal(files(), names)
  }))

test('the next commands fit to what is there', () => {
  const flux = (decryption: string) =>
    `apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: apps\nspec:\n  path: ./apps\n${decryption}`
  return withInit({ 'flux/apps.yaml': flux('') }, async ({ root, init }) => {
    const { stderr } = await init()
    assert.match(
      stderr,
      /\n {2}mise run flux:enable-decryption --commit\n {2}mise run flux:sops-key\n {2}git push\n {2}mise run sops:verify\n$/,
    )
    writeFiles(root, { 'flux/apps.yaml': flux('  decryption:\n    provider: sops\n') })
    assert.not.match((await init()).stderr, 'flux:enable-decryption')
    rmSync(join(root, 'flux/apps.yaml'))
    writeFiles(root, { 'flux/gotk-sync.yaml': flux('') })
    assert.match((await init()).stderr, 'mise run flux:enable-decryption --root --commit')
  })
})

test('a configuration of sops above the repository does not matter', () =>
  withInit({}, async ({ directory, init }) => {
    writeFiles(directory, { '.sops.yaml': 'creation_rules: {\n' })
    const { code, stderr } = await init()
    assert.is(code, 0, stderr)
  }))

test.run()
