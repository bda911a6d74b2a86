import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { writeFiles } from '../../helpers/files.ts'
import { recipientIn, withInit } from '../../helpers/init.ts'
import { encryptSecret, makeKey, sopsConfig } from '../../helpers/keys.ts'

const [key, other] = [makeKey(), makeKey()]
const isMade = (stdout: string) => /^ {2}identity +.*\(new\)$/m.test(stdout)

test('from a directory below, the parts are at the root, and are called as the user calls them', () =>
  withInit({ 'apps/a.yaml': 'a: 1\n' }, async ({ root, files, init }) => {
    const { code, stdout, stderr } = await init([], { cwd: join(root, 'apps') })
    assert.is(code, 0)
    assert.match(stdout, /^ {2}identity +\.\.\/\.age-key\.txt \(new\)$/m)
    assert.match(stderr, 'keep a copy of ../.age-key.txt')
    assert.equal(files(), ['.age-key.txt', '.gitignore', '.sops.yaml', 'apps/a.yaml'])
  }))

test('a worktree uses the key of the main working tree', () =>
  withInit({ 'a.yaml': 'a' }, async ({ root, directory, git, init }) => {
    writeFileSync(join(root, '.age-key.txt'), key.text, { mode: 0o600 })
    const worktree = join(directory, 'worktree')
    git('worktree', 'add', '--quiet', worktree)
    const { code, stdout } = await init([], { cwd: worktree })
    assert.is(code, 0)
    assert.not.ok(isMade(stdout))
    assert.match(readFileSync(join(worktree, '.sops.yaml'), 'utf8'), `age: ${key.recipient}\n`)
    assert.not.ok(existsSync(join(worktree, '.age-key.txt')))
    assert.not.ok(existsSync(join(root, '.sops.yaml')))
  }))

test('--key-file makes it where it is named, also below a new directory with odd characters in its name', () => {
  const name = "my keys [1]/it's #2 .txt"
  return withInit(
    {},
    async ({ root, git, init }) => {
      const { code, stderr } = await init(['--key-file', name])
      assert.is(code, 0, stderr)
      assert.is(statSync(join(root, name)).mode & 0o777, 0o600)
      assert.is(readFileSync(join(root, '.gitignore'), 'utf8'), "/my keys \\[1]/it's #2 .txt*\n")
      git('check-ignore', name, `${name}.bak`)
      assert.match((await init(['--key-file', name])).stdout, /^unchanged\n/)
      // without it the key is not found, and no other one is made
      const lost = await init()
      assert.is(lost.code, 1)
      assert.match(lost.stderr, 'no key for that is at hand\nhint: ask a colleague for the key')
    },
    { keyFiles: [`repository/${name}`] },
  )
})

test('--key-file outside of the repository needs no line in .gitignore', () =>
  withInit(
    {},
    async ({ directory, files, init }) => {
      const { code, stdout } = await init(['--key-file', '../mine/keys.txt'])
      assert.is(code, 0)
      assert.match(stdout, /^ {2}identity +\.\.\/mine\/keys\.txt \(new\)$/m)
      assert.equal(files(), ['.sops.yaml'])
      assert.is(statSync(join(directory, 'mine/keys.txt')).mode & 0o777, 0o600)
    },
    { keyFiles: ['mine/keys.txt'] },
  ))

test('SOPS_AGE_KEY_FILE that names a missing file: it is made in the repository, and not elsewhere', () =>
  withInit(
    {},
    async ({ root, directory, files, init }) => {
      const outside = await init([], { env: { SOPS_AGE_KEY_FILE: join(directory, 'keys.txt') } })
      assert.is(outside.code, 2)
      assert.match(outside.stderr, 'that SOPS_AGE_KEY_FILE names: there is no such file')
      assert.equal(files(), [])
      const { code, stdout } = await init([], { env: { SOPS_AGE_KEY_FILE: join(root, 'age.key') } })
      assert.is(code, 0)
      assert.match(stdout, /^ {2}identity +age\.key \(new\)$/m)
      assert.equal(files(), ['.gitignore', '.sops.yaml', 'age.key'])
    },
    { keyFiles: ['repository/age.key'] },
  ))

test('a path through a link to the repository means the same file', () =>
  withInit(
    {},
    async ({ root, directory, files, init }) => {
      symlinkSync(root, join(directory, 'link'))
      const { code } = await init([], { env: { SOPS_AGE_KEY_FILE: join(directory, 'link/.age-key.txt') } })
      assert.is(code, 0)
      assert.equal(files(), ['.age-key.txt', '.gitignore', '.sops.yaml'])
    },
    { keyFiles: ['link/.age-key.txt'] },
  ))

for (const [variable, value] of [
  ['SOPS_AGE_KEY_CMD', 'cat ../keys.txt'],
  ['SOPS_AGE_KEY_FILE', '../keys.txt'],
] as const)
  test(`the key of ${variable} is used, and none is made`, () =>
    withInit(
      {},
      async ({ directory, root, files, init }) => {
        writeFileSync(join(directory, 'keys.txt'), key.text, { mode: 0o600 })
        const { code, stdout, stderr } = await init(['--pq', '--store', 'false'], {
          env: { [variable]: value },
        })
        assert.is(code, 0, stderr)
        assert.match(stderr, '--store and --pq are for a new identity, and there is one already')
        assert.match(stdout, variable)
        assert.equal(files(), ['.sops.yaml'])
        assert.match(readFileSync(join(root, '.sops.yaml'), 'utf8'), `age: ${key.recipient}\n`)
      },
      { keyFiles: ['keys.txt'] },
    ))

test('the default file of sops is the key of this repository only where it encrypts to it', () => {
  const keys = 'home/.config/sops/age/keys.txt'
  return withInit(
    {},
    async ({ directory, root, env, init }) => {
      writeFiles(directory, { [keys]: key.text })
      const { stdout } = await init()
      assert.ok(isMade(stdout))
      for (const file of ['.age-key.txt', '.sops.yaml']) rmSync(join(root, file))
      writeFiles(root, { 'db.enc.yaml': encryptSecret(key.recipient) })
      const known = await init()
      assert.is(known.code, 0, known.stderr)
      assert.match(known.stdout, `identity      ${join(env.HOME!, '.config/sops/age/keys.txt')}\n`)
      assert.match(readFileSync(join(root, '.sops.yaml'), 'utf8'), `age: ${key.recipient}\n`)
    },
    { keyFiles: [keys] },
  )
})

const owned: Record<string, Record<string, string>> = {
  'rules alone': { '.sops.yaml': sopsConfig(key.recipient) },
  'rules in a directory': { 'kubernetes/.sops.yaml': sopsConfig(key.recipient) },
  'a file': { 'apps/db.yaml': encryptSecret(key.recipient) },
}

for (const [name, repository] of Object.entries(owned))
  test(`no second identity where ${name} names a recipient whose key is not at hand`, () =>
    withInit(repository, async ({ root, files, init }) => {
      const names = files()
      for (const args of [[], ['--store', 'cat >../stored.txt'], ['--key-file', 'new.txt'], ['--pq']]) {
        const { code, stderr } = await init(args)
        assert.is(code, 1)
        assert.match(stderr, `this repository encrypts to ${key.recipient}, and no key for that is at hand`)
        assert.match(stderr, 'hint: ask a colleague for the key, and save it as ')
        assert.equal(files(), names)
      }
      const checked = await init(['--check'])
      assert.is(checked.code, 1)
      assert.match(checked.stdout, '(key-not-at-hand)')
      // a key that belongs to nothing is none
      writeFileSync(join(root, '.age-key.txt'), other.text, { mode: 0o600 })
      assert.is((await init()).code, 1)
      writeFileSync(join(root, '.age-key.txt'), key.text, { mode: 0o600 })
      assert.is((await init()).code, 0)
      assert.is(readFileSync(join(root, '.age-key.txt'), 'utf8'), key.text)
    }))

test('of many recipients some are named; where none is of age, it is said how to come to one', () => {
  const recipients = Array.from({ length: 5 }, () => makeKey().recipient)
  const pgp = 'creation_rules:\n  - pgp: FBC7B9E2A4F9289AC0C1D4843D16CEE4A27381B4\n'
  return withInit({ '.sops.yaml': sopsConfig(...recipients) }, async ({ root, init }) => {
    const many = await init()
    assert.is(many.code, 1)
    assert.match(many.stderr, `encrypts to ${recipients.slice(0, 3).join(', ')} and 2 more, and no key`)
    writeFileSync(join(root, '.sops.yaml'), pgp)
    const none = await init()
    assert.is(none.code, 1)
    assert.match(none.stderr, 'this repository encrypts to keys of the kind pgp, and to none of age')
    // then the key is there, and the rule is not edited
    writeFileSync(join(root, '.age-key.txt'), key.text, { mode: 0o600 })
    const after = await init()
    assert.is(after.code, 0)
    assert.match(after.stderr, `no creation rule names ${key.recipient}, the key at hand`)
    assert.is(readFileSync(join(root, '.sops.yaml'), 'utf8'), pgp)
  })
})

test('--key-file with a new file beside a key that is there is refused', () =>
  withInit({}, async ({ root, files, init }) => {
    writeFileSync(join(root, '.age-key.txt'), key.text, { mode: 0o600 })
    const { code, stderr } = await init(['--key-file', 'new.txt'])
    assert.is(code, 1)
    assert.match(stderr, 'error: new.txt: is not there, and there is an age identity already: .age-key.txt')
    assert.equal(files(), ['.age-key.txt'])
  }))

test('a key file that git tracks is refused, with a key in it or deleted', () =>
  withInit({ '.age-key.txt': '' }, async ({ root, git, files, init }) => {
    rmSync(join(root, '.age-key.txt'))
    const deleted = await init()
    assert.is(deleted.code, 1)
    assert.match(deleted.stderr, 'error: .age-key.txt: is tracked by git')
    assert.match(deleted.stderr, '`git rm --cached .age-key.txt`')
    assert.equal(files(), [])
    assert.is(git('status', '--porcelain'), ' D .age-key.txt')
  }))

test('a key that git has is refused', () =>
  withInit({}, async ({ root, env, init, files }) => {
    // its text must not get into the objects of git, which are searched
    writeFileSync(join(root, '.age-key.txt'), '')
    execFileSync('git', ['add', '.age-key.txt'], { cwd: root, env })
    writeFileSync(join(root, '.age-key.txt'), key.text, { mode: 0o600 })
    const { code, stderr } = await init()
    assert.is(code, 1)
    assert.match(stderr, `error: .age-key.txt: holds the private key of ${key.recipient}`)
    assert.equal(files(), ['.age-key.txt'])
  }))

test('a key file that others can read is said, and --check counts it', () =>
  withInit({}, async ({ root, init }) => {
    writeFileSync(join(root, '.age-key.txt'), key.text, { mode: 0o644 })
    const { code, stderr } = await init()
    assert.is(code, 0)
    assert.match(
      stderr,
      'warning: .age-key.txt: holds your private key, and others on this machine can read it',
    )
    assert.match(stderr, 'hint: `chmod 600 .age-key.txt`')
    const checked = await init(['--check'])
    assert.is(checked.code, 1)
    assert.match(checked.stdout, '(key-file-readable)')
  }))

test('a key file that holds no key is not overwritten', () =>
  withInit({}, async ({ root, files, init }) => {
    for (const text of ['', 'mine\n', key.recipient]) {
      writeFileSync(join(root, '.age-key.txt'), text)
      assert.is((await init()).code, 2)
      assert.is(readFileSync(join(root, '.age-key.txt'), 'utf8'), text)
    }
    rmSync(join(root, '.age-key.txt'))
    symlinkSync('nowhere', join(root, '.age-key.txt'))
    const { code, stderr } = await init()
    assert.is(code, 2)
    assert.match(stderr, 'cannot write .age-key.txt: it is there already')
    assert.equal(files(), ['.age-key.txt'])
    rmSync(join(root, '.age-key.txt'))
    mkdirSync(join(root, '.age-key.txt'))
    assert.is((await init()).code, 2)
    assert.equal(files(), [])
  }))

test('--pq makes a post-quantum identity; a backup of the other kind opens the same files', () =>
  withInit(
    {},
    async ({ root, directory, env, init }) => {
      const { code, stdout } = await init(['--pq', '--backup', other.recipient])
      assert.is(code, 0)
      const recipient = recipientIn(join(root, '.age-key.txt'))
      assert.match(recipient, /^age1pq1/)
      assert.match(stdout, `public key    ${recipient.slice(0, 20)}…`)
      writeFiles(root, { 'db.enc.yaml': 'kind: Secret\nstringData:\n  password: planted\n' })
      writeFileSync(join(directory, 'other.txt'), other.text)
      const sops = (keyFile: string, ...args: string[]) =>
        execFileSync('sops', args, {
          cwd: root,
          env: { ...env, SOPS_AGE_KEY_FILE: join(directory, keyFile) },
          encoding: 'utf8',
        })
      sops('none', 'encrypt', '--in-place', 'db.enc.yaml')
      for (const keyFile of ['repository/.age-key.txt', 'other.txt'])
        assert.match(sops(keyFile, 'decrypt', 'db.enc.yaml'), 'password: planted')
    },
    { keyFiles: ['other.txt'] },
  ))

test.run()
