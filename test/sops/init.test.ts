import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { projectRoot, readProject, transcriptsOf } from '../helpers/documents.ts'
import { readFiles, withDirectory, writeFiles } from '../helpers/files.ts'
import { recipientIn, withInit } from '../helpers/init.ts'
import { encryptSecret, makeKey } from '../helpers/keys.ts'
import { startProgram } from '../helpers/program.ts'
import { miseOffline, runTask } from '../helpers/task.ts'
import { userEnvironment } from '../helpers/user.ts'

const secret =
  'apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n  namespace: default\nstringData:\n  password: planted\n'

/** Of all files, also when they were written. */
function stateOf(root: string, files: readonly string[]): unknown {
  return files.map((file) => {
    const { mtimeNs, mode, ino } = statSync(join(root, file), { bigint: true })
    return [file, mtimeNs, mode, ino, readFileSync(join(root, file), 'utf8')]
  })
}

const ruleFile = (recipient: string) => `creation_rules:
  - path_regex: \\.enc\\.(json|yaml)$
    encrypted_regex: ^(data|stringData)$
    mac_only_encrypted: true
    age: ${recipient}
stores:
  yaml:
    indent: 2
`

for (const via of ['node', 'mise'] as const)
  test(`a repository with nothing, by ${via}: all parts; a second run changes no byte`, () =>
    withInit({ 'README.md': 'Hello\n' }, async ({ root, env, git, files, init }) => {
      const checked = await init(['--check'], { via })
      assert.is(checked.code, 1)
      for (const code of ['identity-missing', 'key-name-not-ignored', 'rules-missing'])
        assert.match(checked.stdout, `(${code})`)
      assert.equal(files(), ['README.md'])

      const { code, stdout, stderr } = await init([], { via })
      assert.is(code, 0, stderr)
      const recipient = recipientIn(join(root, '.age-key.txt'))
      assert.is(
        stdout,
        `created what was missing
  identity      .age-key.txt (new)
  public key    ${recipient}
  ignored       /.age-key.txt* (new in .gitignore)
  rules         .sops.yaml (new)
  for files     \\.enc\\.(json|yaml)$
  encrypted to  ${recipient}
`,
      )
      assert.match(stderr, 'hint: keep a copy of .age-key.txt in a safe place')
      assert.match(stderr, `hint: only ${recipient} can open what the new rules encrypt.`)
      assert.match(stderr, 'SOPS_AGE_KEY_FILE = "{{config_root}}/.age-key.txt"')
      assert.match(
        stderr,
        /\n {2}git add :\/\.gitignore :\/\.sops\.yaml && git commit .*\n {2}mise run flux:sops-key\n$/,
      )
      assert.equal(files(), ['.age-key.txt', '.gitignore', '.sops.yaml', 'README.md'])
      assert.is(readFileSync(join(root, '.sops.yaml'), 'utf8'), ruleFile(recipient))
      assert.is(readFileSync(join(root, '.gitignore'), 'utf8'), '/.age-key.txt*\n')
      assert.is(statSync(join(root, '.age-key.txt')).mode & 0o777, 0o600)
      assert.is(statSync(join(root, '.age-key.txt')).nlink, 1)
      git('check-ignore', '.age-key.txt', '.age-key.txt.bak')

      // what sops makes of it
      writeFiles(root, { 'apps/db.enc.yaml': secret })
      const withKey = { ...env, SOPS_AGE_KEY_FILE: join(root, '.age-key.txt') }
      const sops = (...args: string[]) =>
        execFileSync('sops', args, { cwd: root, env: withKey, encoding: 'utf8' })
      sops('encrypt', '--in-place', 'apps/db.enc.yaml')
      assert.match(readFileSync(join(root, 'apps/db.enc.yaml'), 'utf8'), /^ {2}password: ENC\[/m)
      assert.is(sops('decrypt', '--extract', '["stringData"]["password"]', 'apps/db.enc.yaml'), 'planted')

      const before = stateOf(root, files())
      const again = await init([], { via })
      assert.is(again.code, 0)
      assert.is(again.stdout, `unchanged\n  identity    .age-key.txt\n  public key  ${recipient}\n`)
      const complete = await init(['--check'], { via })
      assert.is(complete.code, 0)
      assert.is(complete.stdout, 'nothing is missing\n')
      assert.equal(stateOf(root, files()), before)
    }))

test('a repository like cluster-template: what is there stays, a copy of the key is ignored too', () => {
  const key = makeKey()
  const rules = `---
creation_rules:
  - path_regex: talos/.*\\.sops\\.ya?ml
    mac_only_encrypted: true
    age: "${key.recipient}"
  - path_regex: (bootstrap|kubernetes)/.*\\.sops\\.ya?ml
    encrypted_regex: ^(data|stringData)$
    mac_only_encrypted: true
    age: "${key.recipient}"
stores:
  yaml:
    indent: 2
`
  const encrypted = encryptSecret(key.recipient)
  const repository = {
    '.sops.yaml': rules,
    '.gitignore': '.DS_Store\r\n*.key\r\n/age.key',
    'kubernetes/apps/default/app/secret.sops.yaml': encrypted,
    'bootstrap/sops-age.sops.yaml': encrypted,
  }
  return withInit(
    repository,
    async ({ root, git, files, init }) => {
      writeFileSync(join(root, 'age.key'), key.text, { mode: 0o600 })
      const call = { env: { SOPS_AGE_KEY_FILE: join(root, 'age.key') } }
      const { code, stdout, stderr } = await init([], call)
      assert.is(code, 0, stderr)
      assert.is(
        stdout,
        `created what was missing
  identity    SOPS_AGE_KEY_FILE (age.key)
  public key  ${key.recipient}
  ignored     /age.key* (new in .gitignore)
`,
      )
      assert.is(
        readFileSync(join(root, '.gitignore'), 'utf8'),
        '.DS_Store\r\n*.key\r\n/age.key\r\n/age.key*\r\n',
      )
      git('check-ignore', 'age.key', 'age.key.bak')
      assert.is(git('status', '--porcelain'), ' M .gitignore')
      const before = stateOf(root, files())
      const again = await init([], call)
      assert.match(again.stdout, /^unchanged\n/)
      assert.is((await init(['--check'], call)).code, 0)
      // a colleague who has not set the variable
      assert.is((await init(['--check'])).code, 0)
      assert.equal(stateOf(root, files()), before)
    },
    { keyFiles: ['repository/age.key'] },
  )
})

test('--commit in a repository without a commit; then what else is staged stays out of it', () =>
  withDirectory(async (directory) => {
    const env = userEnvironment(directory)
    const root = join(directory, 'a b')
    mkdirSync(root)
    const git = (...args: string[]) => execFileSync('git', args, { cwd: root, env, encoding: 'utf8' })
    git('init', '--quiet', '--initial-branch=main')
    git('config', 'user.name', 'Test')
    git('config', 'user.email', 'test@example.com')
    writeFiles(root, { 'mine.txt': 'mine\n' })
    git('add', 'mine.txt')
    const { code, stdout, stderr } = await runTask('sops:init', ['--commit'], { cwd: root, env })
    assert.is(code, 0, stderr)
    assert.match(stdout, /^ {2}commit +[\da-f]{7} feat\(sops\): encrypt with age$/m)
    assert.is(git('ls-tree', '-r', '--name-only', 'HEAD'), '.gitignore\n.sops.yaml\n')
    assert.is(git('status', '--porcelain'), 'A  mine.txt\n')
    const again = await runTask('sops:init', ['--commit'], { cwd: root, env })
    assert.match(again.stdout, /^unchanged\n/)
    assert.not.match(again.stdout, 'commit ')
  }))

test('--commit that a hook refuses takes everything back, and one with changes of the user makes nothing', () =>
  withInit({ '.gitignore': 'node_modules/\n' }, async ({ root, git, files, init }) => {
    const hook = join(root, '.git/hooks/pre-commit')
    writeFiles(root, { '.git/hooks/pre-commit': '#!/bin/sh\necho not today >&2\nexit 1\n' })
    chmodSync(hook, 0o755)
    const refused = await init(['--commit'])
    assert.is(refused.code, 2)
    assert.match(refused.stderr, 'not today')
    assert.equal(files(), ['.gitignore'])
    assert.is(git('status', '--porcelain'), '')

    writeFiles(root, { '.gitignore': 'mine/\n' })
    const unsaved = await init(['--commit'])
    assert.is(unsaved.code, 1)
    assert.match(unsaved.stderr, 'cannot commit .gitignore: there are changes in it')
    assert.equal(files(), ['.gitignore'])
  }))

test('--json: one document, on success, with --check and on failure', () =>
  withInit({}, async ({ root, init }) => {
    const missing = JSON.parse((await init(['--check', '--json'])).stdout)
    assert.is(missing.result, 'missing')
    assert.equal(
      missing.findings.map(({ code, file }: Record<string, string>) => `${file} ${code}`),
      ['.age-key.txt identity-missing', '.age-key.txt key-name-not-ignored', '.sops.yaml rules-missing'],
    )
    const { hints, ...made } = JSON.parse((await init(['--json'])).stdout)
    const recipients = [recipientIn(join(root, '.age-key.txt'))]
    assert.equal(made, {
      task: 'sops:init',
      result: 'created',
      identity: { source: '.age-key.txt', isNew: true, recipients },
      files: ['.gitignore', '.sops.yaml'],
      ignoreLine: '/.age-key.txt*',
      rules: ['\\.enc\\.(json|yaml)$'],
      recipients,
      findings: [],
    })
    assert.equal(hints.at(-1).lines.at(-1), 'mise run flux:sops-key')
    assert.is(JSON.parse((await init(['--json'])).stdout).result, 'unchanged')
    writeFiles(root, { '.age-key.txt': '' })
    const failed = await init(['--json'])
    assert.is(failed.code, 2)
    const { result, error } = JSON.parse(failed.stdout)
    assert.is(result, 'unknown')
    assert.match(error.message, 'no age identity in .age-key.txt')
  }))

test('the key file is for the user alone where the umask lets everybody write', () =>
  withInit({}, async ({ root, trace }) => {
    const entry = join(projectRoot, 'tasks/sops/init.ts')
    const args = ['sh', '-c', 'umask 000; exec "$0" "$1"', process.execPath, entry]
    const call = { cwd: root, env: { ...trace.env, ...miseOffline } }
    assert.is((await startProgram(args, call).ended).code, 0)
    assert.is(statSync(join(root, '.age-key.txt')).mode & 0o777, 0o600)
  }))

test('outside of a repository it ends with 2', () =>
  withDirectory(async (root) => {
    const { code, stderr } = await runTask('sops:init', [], { cwd: root, env: userEnvironment(root) })
    assert.is(code, 2)
    assert.match(stderr, 'not a git repository')
    assert.equal(readFiles(root), {})
  }))

test('the transcript of docs/tasks/sops-init.md is what it prints', () =>
  withInit({}, async ({ root, init }) => {
    const transcripts = transcriptsOf(readProject('docs/tasks/sops-init.md'))
    assert.ok(transcripts.length > 2)
    const withoutChance = (text: string) => text.replace(/\bage1[a-z0-9]{50,}\b/g, 'RECIPIENT')
    for (const { command, output } of transcripts) {
      const [program, verb, name, ...args] = command.split(' ')
      assert.equal([program, verb, name], ['mise', 'run', 'sops:init'])
      const call = { env: { SOPS_AGE_KEY_FILE: join(root, '.age-key.txt') }, via: 'mise' } as const
      const { stdout } = await init(args, call)
      assert.is(withoutChance(stdout), withoutChance(output), command)
    }
  }))

test.run()
