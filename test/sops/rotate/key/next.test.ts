import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { worded } from '../../../../scripts/findings/finding.ts'
import { ownerId } from '../../../../scripts/lib/owner.ts'
import { nextStays } from '../../../../scripts/sops/rotate/key/next.ts'
import { readKeyRing } from '../../../../scripts/sops/rotate/key/ring.ts'
import { recipientIn } from '../../../helpers/init.ts'
import { encryptSecret, makeKey } from '../../../helpers/keys.ts'
import { codesOf, type KeyPlace, withKeyPlace } from './place.ts'

const [key, other, third, hybrid] = [makeKey(), makeKey(), makeKey(), makeKey('-pq')]
const old = key.recipient
const recipientsOf = (file: string) => recipientIn(file).split('\n')

/** Whether the real sops opens with a key file what is encrypted to a recipient. */
function opens(file: string, recipient: string): boolean {
  const env = { PATH: process.env.PATH, HOME: '/nonexistent', SOPS_AGE_KEY_FILE: file }
  const args = ['decrypt', '--filename-override', 'x.yaml']
  return execFileSync('sops', args, { env, input: encryptSecret(recipient), encoding: 'utf8' }).includes(
    'hello',
  )
}

test('the new identity is put behind the old one, as age-keygen writes it; nothing before it is kept, and a second run adds nothing', () =>
  withKeyPlace(async ({ root, git, next, write, read }) => {
    const file = write('age.key', key.text)
    const made = await next({ old })
    assert.is(read('age.key'), key.text)
    assert.ok(made.isNew)
    assert.is(made.keeper, 'age.key')
    await made.keep()
    const { recipient } = made.identity
    const added = read('age.key').slice(key.text.length)
    assert.ok(read('age.key').startsWith(key.text))
    assert.match(
      added,
      new RegExp(
        `^# created: \\S+\\n# public key: ${recipient}\\n# replaces: ${old}\\nAGE-SECRET-KEY-1\\w+\\n$`,
      ),
    )
    assert.is(statSync(file).mode & 0o777, 0o600)
    assert.equal(recipientsOf(file), [old, recipient])
    assert.ok(opens(file, old))
    assert.ok(opens(file, recipient))
    assert.equal(made.notes(), [])
    assert.is(git('status', '--porcelain'), '')
    const text = read('age.key')
    // what a run leaves that was killed behind this
    const again = await next({ old })
    assert.not.ok(again.isNew)
    assert.is(again.identity.recipient, recipient)
    await again.keep()
    assert.is(read('age.key'), text)
    // of the other kind none is there
    assert.ok((await next({ old, pq: true })).isNew)
    // where something is encrypted to it already, it is no new one
    assert.ok((await next({ old, used: new Set([old, recipient]) })).isNew)
    // the next rotation does not go back to the first key
    const after = await next({ old: recipient, used: new Set([recipient]) })
    assert.ok(after.isNew)
    await after.keep()
    assert.equal(recipientsOf(join(root, 'age.key')), [old, recipient, after.identity.recipient])
  }))

test('the bytes of the key file stay, and so do its mode and the link to it', () =>
  withKeyPlace(
    async ({ root, directory, next, write, read }) => {
      const cases: [name: string, text: string, mode: number][] = [
        ['one without a line end', `# mine\n\n${key.secret}`, 0o600],
        ['CRLF', `# ä\r\n${key.secret}\r\n`, 0o600],
        ['CRLF without the last one', `# ä\r\n${key.secret}`, 0o600],
        ['one that nobody may write', key.text, 0o400],
        ['several identities', `${other.text}\n${key.text}${hybrid.text}\n\n`, 0o600],
      ]
      for (const [name, text, mode] of cases) {
        const file = write('age.key', text, mode)
        chmodSync(file, mode)
        const made = await next({ old })
        await made.keep()
        const now = read('age.key')
        assert.ok(now.startsWith(text), name)
        assert.is(statSync(file).mode & 0o777, mode, name)
        assert.is(now.includes('\r\n'), text.includes('\r\n'), name)
        if (text.includes('\r\n')) assert.not.match(now, /[^\r]\n/, name)
        assert.ok(recipientsOf(file).includes(made.identity.recipient), name)
        assert.ok(opens(file, made.identity.recipient), name)
        assert.is((await next({ old })).isNew, false, name)
        rmSync(file)
      }
      mkdirSync(join(directory, 'mine'))
      writeFileSync(join(directory, 'mine/keys.txt'), key.text, { mode: 0o600 })
      symlinkSync('../mine/keys.txt', join(root, 'age.key'))
      const made = await next({ old })
      const undo = await made.keep()
      assert.ok(lstatSync(join(root, 'age.key')).isSymbolicLink())
      assert.equal(recipientsOf(join(directory, 'mine/keys.txt')), [old, made.identity.recipient])
      undo()
      assert.is(read('age.key'), key.text)
    },
    { keyFiles: ['../mine/keys.txt'] },
  ))

test('keeping is taken back, unless somebody has changed the file meanwhile', () =>
  withKeyPlace(async ({ next, write, read, noted }) => {
    write('age.key', key.text)
    const undo = await (await next({ old })).keep()
    undo()
    assert.is(read('age.key'), key.text)
    const made = await next({ old })
    const late = await made.keep()
    const changed = `${read('age.key')}# a word\n`
    write('age.key', changed)
    late()
    assert.is(read('age.key'), changed)
    assert.match(noted.join('\n'), 'not put back, because it has changed meanwhile: age.key')
  }))

test('--pq makes a hybrid identity', () =>
  withKeyPlace(async ({ root, next, write }) => {
    write('age.key', key.text)
    const made = await next({ old, pq: true })
    await made.keep()
    assert.match(made.identity.recipient, /^age1pq1/)
    assert.ok(opens(join(root, 'age.key'), made.identity.recipient))
    assert.not.ok((await next({ old, pq: true })).isNew)
    const after = await next({ old: made.identity.recipient, pq: true })
    await after.keep()
    assert.ok(opens(join(root, 'age.key'), after.identity.recipient))
    assert.not.ok((await next({ old: made.identity.recipient, pq: true })).isNew)
  }))

test('an identity that somebody has put into the key file of the repository is taken, where it is younger', () =>
  withKeyPlace(
    async ({ root, next, refusals, write, env }) => {
      const at = (year: number, text: string) => text.replace(/created: \d+/, `created: ${year}`)
      write('age.key', at(2021, other.text) + at(2022, key.text) + at(2023, third.text))
      const found = await next({ old })
      assert.equal([found.isNew, found.identity.recipient], [false, third.recipient])
      // two of them
      const more = makeKey()
      write('age.key', at(2022, key.text) + at(2023, third.text) + at(2024, more.text))
      const [unclear] = await refusals({ old })
      assert.is(unclear?.code, 'new-key-unclear')
      assert.match(worded(unclear!).message, `(${third.recipient}, ${more.recipient})`)
      // older, or nobody knows
      for (const text of [at(2021, other.text) + at(2022, key.text), `${key.secret}\n${other.secret}\n`]) {
        write('age.key', text)
        assert.ok((await next({ old })).isNew)
      }
      // a file for several repositories says nothing about this one
      rmSync(join(root, 'age.key'))
      const home = join(env.HOME!, '.config/sops/age')
      mkdirSync(home, { recursive: true })
      const shared = join(home, 'keys.txt')
      writeFileSync(shared, at(2022, key.text) + at(2023, third.text), { mode: 0o600 })
      const made = await next({ old })
      assert.ok(made.isNew)
      await made.keep()
      assert.is(recipientsOf(shared).length, 3)
      assert.is((await next({ old })).identity.recipient, made.identity.recipient)
    },
    { keyFiles: ['../home/.config/sops/age/keys.txt'] },
  ))

const refused: [
  name: string,
  codes: string,
  set: (place: KeyPlace) => void,
  files?: Record<string, string>,
][] = [
  ['not ignored', 'key-not-ignored', ({ write }) => write('age.key', key.text), {}],
  [
    'that others can read',
    'key-file-readable',
    ({ root, write }) => {
      write('age.key', key.text)
      chmodSync(join(root, 'age.key'), 0o640)
    },
  ],
  [
    'tracked',
    'key-in-git,next-without-place',
    ({ git, write }) => {
      // its text must not get into the objects of git, which are searched
      write('age.key', '')
      git('add', '--force', 'age.key')
      write('age.key', key.text)
    },
  ],
  [
    'behind a link into another repository',
    'key-in-other-repository',
    ({ root, directory, env }) => {
      const dotfiles = join(directory, 'dotfiles')
      execFileSync('git', ['init', '--quiet', dotfiles], { env })
      writeFileSync(join(dotfiles, 'keys.txt'), key.text, { mode: 0o600 })
      symlinkSync(join(dotfiles, 'keys.txt'), join(root, 'age.key'))
    },
  ],
  [
    'that is no UTF-8',
    'key-file-not-text',
    ({ root }) => {
      const text = Buffer.concat([Buffer.from([0x23, 0x20, 0xe4, 0x0a]), Buffer.from(key.text)])
      writeFileSync(join(root, 'age.key'), text, { mode: 0o600 })
    },
  ],
]

for (const [name, codes, set, files] of refused)
  test(`nothing is put into a key file ${name}`, () =>
    withKeyPlace(
      async (place) => {
        set(place)
        const before = readFileSync(join(place.root, 'age.key'))
        assert.is(codesOf(await place.refusals({ old })).join(), codes)
        assert.equal(readFileSync(join(place.root, 'age.key')), before)
      },
      { ...(files && { files }), keyFiles: ['../dotfiles/keys.txt'] },
    ))

test('an old identity that is in no file: it is asked who keeps the new one', () =>
  withKeyPlace(
    async ({ directory, refusals, env }) => {
      writeFileSync(join(directory, 'held.txt'), key.text)
      const cases: [NodeJS.ProcessEnv, string][] = [
        [{ SOPS_AGE_KEY: key.secret }, 'that is in SOPS_AGE_KEY alone'],
        [{ SOPS_AGE_KEY_CMD: 'cat ../held.txt' }, 'that is in SOPS_AGE_KEY_CMD alone'],
        [{ HOME: env.HOME }, 'that is not at hand'],
      ]
      for (const [more, said] of cases) {
        const [found] = await refusals({ old, env: more })
        assert.is(found?.code, 'next-without-place')
        assert.match(worded(found!).message, said)
        assert.match(worded(found!).fix, '`mise run sops:rotate --new-key FILE`')
      }
    },
    { keyFiles: ['../held.txt'] },
  ))

test('what a killed run leaves in the directory of git the next one removes, and not what belongs to one that lives', () =>
  withKeyPlace(async ({ root, next, write }) => {
    write('age.key', key.text)
    const gone = Number(execFileSync('sh', ['-c', 'echo $$'], { encoding: 'utf8' }))
    const left = join(root, '.git', `.sops-rotate-key-${ownerId(gone)}-AAAAAA`)
    const living = join(root, '.git', `.sops-rotate-key-${ownerId(process.ppid)}-AAAAAA`)
    for (const path of [left, living]) mkdirSync(path)
    writeFileSync(join(left, '.age.key.tmp'), key.text)
    await (await next({ old })).keep()
    assert.throws(() => statSync(left), 'ENOENT')
    assert.ok(statSync(living))
    rmSync(living, { recursive: true })
  }))

test('a git directory on another disk: nothing is written beside the key file', () =>
  withKeyPlace(async ({ root, directory, refusals, write }) => {
    const elsewhere = execFileSync('mktemp', ['-d', '-p', '/dev/shm'], { encoding: 'utf8' }).trim()
    try {
      if (statSync(elsewhere).dev === statSync(directory).dev) return
      execFileSync('cp', ['-a', `${join(root, '.git')}/.`, elsewhere])
      renameSync(join(root, '.git'), join(directory, 'moved'))
      writeFileSync(join(root, '.git'), `gitdir: ${elsewhere}\n`)
      write('age.key', key.text)
      assert.equal(codesOf(await refusals({ old })), ['git-on-other-disk'])
    } finally {
      rmSync(join(root, '.git'))
      renameSync(join(directory, 'moved'), join(root, '.git'))
      rmSync(elsewhere, { recursive: true })
    }
  }))

test('an identity that stays after a rotation was given up is named', () =>
  withKeyPlace(async ({ root, env, caller: { signal }, write }) => {
    write('age.key', key.text + other.text)
    const ring = await readKeyRing({ keyFile: undefined, cwd: root, root, env, signal })
    const stays = nextStays(ring, other.recipient, root)
    assert.equal([stays?.code, stays?.file], ['next-identity-stays', 'age.key'])
    assert.is(nextStays(ring, third.recipient, root), undefined)
  }))

test.run()
