import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { worded } from '../../../../scripts/findings/finding.ts'
import { opensWithOnly } from '../../../../scripts/sops/rotate/proof/opens-with-only.ts'
import { encryptAs, encryptText, type Key, makeKey } from '../../../helpers/keys.ts'
import { type TestRepository, withRepository } from '../../../helpers/repository.ts'

const [old, next, friend] = [makeKey(), makeKey(), makeKey()]
const hybrid = makeKey('-pq')
const planted = 'planted-value'
const manifest = `kind: Secret\nstringData:\n  x: ${planted}\n  y: one\n`
const to = (...keys: Key[]) => keys.map(({ recipient }) => recipient).join(',')

/** With a tag, which our reader leaves to sops. */
const odd = (text: string) => text.replace('kind: Secret', 'kind: !!str Secret')

/** A user who has the old identity wherever sops looks for one. */
async function withOldEverywhere<T>(use: (repository: TestRepository) => Promise<T>): Promise<T> {
  return withRepository({}, async (repository) => {
    const home = join(repository.directory, 'home')
    const keyFile = join(repository.directory, 'old.txt')
    writeFileSync(keyFile, old.text)
    const own = join(home, '.config', 'sops', 'age')
    mkdirSync(own, { recursive: true })
    writeFileSync(join(own, 'keys.txt'), old.text)
    const ssh = join(home, '.ssh')
    mkdirSync(ssh, { mode: 0o700 })
    const sshKey = join(ssh, 'id_ed25519')
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', sshKey])
    const env = {
      ...repository.env,
      SOPS_AGE_KEY: old.secret,
      SOPS_AGE_KEY_FILE: keyFile,
      SOPS_AGE_KEY_CMD: `cat ${keyFile}`,
      SOPS_AGE_SSH_PRIVATE_KEY_FILE: sshKey,
      XDG_CONFIG_HOME: join(home, '.config'),
    }
    return use({ ...repository, env })
  })
}

async function judged(
  files: Readonly<Record<string, string>>,
  keys: readonly Key[],
  { root, env }: TestRepository,
) {
  const texts = Object.entries(files).map(([file, text]) => ({ file, text }))
  const { opened, troubles } = await opensWithOnly(texts, keys, { root, env, signal: undefined })
  const said = JSON.stringify(troubles.map((one) => [one, worded(one.finding)]))
  for (const secret of [planted, 'AGE-SECRET-KEY']) assert.not(said.includes(secret))
  return {
    opened,
    troubles: troubles.map(({ file, status, finding: { code } }) => `${file} ${status} ${code}`),
  }
}

test('nothing of the user helps to open a file: not SOPS_AGE_KEY and its like, keys.txt, ~/.ssh', () =>
  withOldEverywhere(async (user) => {
    const sshRecipient = execFileSync(
      'ssh-keygen',
      ['-y', '-f', `${user.env.SOPS_AGE_SSH_PRIVATE_KEY_FILE}`],
      {
        encoding: 'utf8',
      },
    ).trim()
    const forOld = encryptText(to(old), manifest)
    const forBoth = encryptText(to(old, next), manifest)
    const forSsh = encryptText(`${to(friend)},${sshRecipient}`, manifest)
    // the user does open all of them
    const path = join(user.directory, 'theirs.yaml')
    for (const text of [forOld, odd(forOld), forSsh, odd(forSsh)]) {
      writeFileSync(path, text)
      execFileSync('sops', ['decrypt', path], { env: user.env })
    }
    const files = {
      'both.yaml': forBoth,
      'both-odd.yaml': odd(forBoth),
      'old.yaml': forOld,
      'old-odd.yaml': odd(forOld),
      'ssh.yaml': forSsh,
      'ssh-odd.yaml': odd(forSsh),
    }
    assert.equal(await judged(files, [next], user), {
      opened: ['both.yaml', 'both-odd.yaml'],
      troubles: [
        'old.yaml unopenable proof-not-opened',
        'old-odd.yaml unopenable proof-not-opened',
        'ssh.yaml unopenable proof-not-opened',
        'ssh-odd.yaml unopenable proof-not-opened',
      ],
    })
  }))

test('every format, a post-quantum identity, and key groups', () =>
  withRepository({}, async (user) => {
    const age = ['--age', to(hybrid, next)]
    const grouped = join(user.directory, 'groups.yaml')
    writeFileSync(
      grouped,
      `creation_rules:\n  - key_groups:\n      - age: [${next.recipient}]\n      - age: [${friend.recipient}]\n`,
    )
    const inGroups = execFileSync(
      'sops',
      ['--config', grouped, 'encrypt', '--filename-override', join(user.directory, 'x.yaml')],
      { input: manifest, encoding: 'utf8' },
    )
    const files = {
      'a.yaml': encryptAs('a.yaml', manifest, ...age),
      'a.json': encryptAs('a.json', '{"a": "b"}', ...age),
      'a.env': encryptAs('a.env', 'A=b\n', ...age),
      'a.ini': encryptAs('a.ini', '[a]\nb = c\n', ...age),
      'a.bin': encryptAs('a.bin', 'abc', ...age),
    }
    const opened = Object.keys(files)
    assert.equal(await judged(files, [hybrid], user), { opened, troubles: [] })
    assert.equal(await judged(files, [next], user), { opened, troubles: [] })
    const groups = { 'groups.yaml': inGroups, 'odd.yaml': odd(inGroups) }
    assert.equal(await judged(groups, [next], user), {
      opened: [],
      troubles: ['groups.yaml unopenable proof-groups-closed', 'odd.yaml unopenable proof-groups-closed'],
    })
    assert.equal(await judged(groups, [next, friend], user), { opened: Object.keys(groups), troubles: [] })
  }))

test('what was changed after it was encrypted is no proof, though it opens', () =>
  withRepository({}, async (user) => {
    const text = encryptText(to(next), manifest)
    const files = {
      'mac.yaml': text.replace('Secret', 'ConfigMap'),
      'mac-odd.yaml': odd(text).replace('Secret', 'ConfigMap'),
      'moved.yaml': text.replace('    x:', '    z:'),
      'moved-odd.yaml': odd(text).replace('    x:', '    z:'),
      'plain.yaml': text.replace('stringData:\n', 'stringData:\n    added: b\n'),
      'without.yaml': text.replace(/^ +mac: .*\n/m, ''),
      'none.yaml': 'a: b\n',
      'merge.yaml': `<<<<<<< ours\n${text}=======\n${text}>>>>>>> theirs\n`,
    }
    assert.equal(await judged(files, [next], user), {
      opened: [],
      troubles: [
        'mac.yaml mac-broken mac-mismatch',
        'mac-odd.yaml mac-broken mac-mismatch',
        'moved.yaml mac-broken value-broken',
        'moved-odd.yaml mac-broken sops-refuses',
        'plain.yaml mac-broken plain-value',
        'without.yaml mac-broken mac-missing',
        'none.yaml unopenable metadata-unreadable',
        'merge.yaml unopenable merge-conflict',
      ],
    })
  }))

test('nothing is left of what sops has to judge, also where it is not there', () =>
  withRepository({}, async (user) => {
    const { TMPDIR } = process.env
    const temporary = join(user.directory, 'tmp')
    mkdirSync(temporary)
    process.env.TMPDIR = temporary
    try {
      const files = { 'odd.yaml': odd(encryptText(to(next), manifest)) }
      assert.equal((await judged(files, [next], user)).opened, ['odd.yaml'])
      const without = { ...user, env: { ...user.env, PATH: '/usr/bin:/bin' } }
      assert.equal((await judged(files, [next], without)).troubles, ['odd.yaml unopenable needs-sops'])
      assert.equal(readdirSync(temporary), [])
    } finally {
      if (TMPDIR === undefined) delete process.env.TMPDIR
      else process.env.TMPDIR = TMPDIR
    }
  }))

test.run()
