import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rekeyFiles } from '../../../../scripts/sops/rotate/files/rekey.ts'
import { shareFiles } from '../../../../scripts/sops/rotate/files/share.ts'
import { withDirectory } from '../../../helpers/files.ts'
import { encryptSecret, makeKey } from '../../../helpers/keys.ts'
import { assertNoLeak } from '../../../helpers/leak.ts'
import { listProcesses, until } from '../../../helpers/processes.ts'
import { dataKeyOf } from '../../../helpers/sops/data-key.ts'
import { afterwards } from '../../../helpers/sops/rotating.ts'
import { traceCalls } from '../../../helpers/trace.ts'

const [old, next, friend] = [makeKey(), makeKey(), makeKey()]
const rotation = { old: old.recipient, next: next.recipient }
const value = 'planted-value-of-a-secret'

/** What is in the private directory of sops, and how it is there. */
const lookAround = (log: string) =>
  `d=$(dirname "$(dirname "$SOPS_AGE_KEY_FILE")"); { stat -c '%F %a' "$d" "$SOPS_AGE_KEY_FILE"; find "$d" -type f -exec cat {} +; } >> '${log}'`

const leftovers = () => readdirSync(tmpdir()).filter((name) => name.startsWith('flux-sops-key-'))

test('no identity, data key or value is in an argument, the environment, a file or a message', async () => {
  await withDirectory(async (directory) => {
    const log = join(directory, 'around.log')
    const env = { PATH: process.env.PATH, HOME: directory }
    const trace = traceCalls(directory, env, ['sh', 'sops'], { sops: lookAround(log) })
    const repository = { root: directory, env: trace.env }
    const text = encryptSecret(old.recipient, value)
    const files = [
      { file: 'good.yaml', text },
      { file: 'damaged.yaml', text: text.replace(/^( {12})YWdl.{8}/m, '$1AAAAAAAAAAAA') },
      { file: 'friends.yaml', text: encryptSecret(friend.recipient, value) },
    ]
    const shared = await shareFiles(files, rotation, [old], repository)
    const [good = { file: '', text: '' }] = afterwards(shared)
    const spoilt = [
      good,
      { file: 'mac.yaml', text: good.text.replace('name: x', 'name: y') },
      { file: 'value.yaml', text: good.text.replace('message: ENC[AES256_GCM,data:', '$&AAAA') },
      { file: 'old.yaml', text },
    ]
    const rekeyed = await rekeyFiles(spoilt, { takeOut: old.recipient, identities: [next], repository })
    assert.is(rekeyed.edits.length, 1)
    const secrets = [
      old.secret,
      next.secret,
      value,
      ...dataKeyOf(text, old),
      ...dataKeyOf(rekeyed.edits[0]!.after, next),
    ]
    assertNoLeak(secrets, { calls: trace.calls(), found: JSON.stringify([shared, rekeyed]) }, directory)
    const around = readFileSync(log, 'utf8')
    assert.match(around, /^directory 700\nfifo 600$/m)
    assert.match(around, /BEGIN AGE/)
    assert.equal(leftovers(), [])
  })
})

test('an identity of the user helps nothing', async () => {
  await withDirectory(async (directory) => {
    for (const place of ['.ssh', '.config/sops/age']) mkdirSync(join(directory, place), { recursive: true })
    const keyFile = join(directory, '.config', 'sops', 'age', 'keys.txt')
    writeFileSync(keyFile, old.text, { mode: 0o600 })
    const ssh = join(directory, '.ssh', 'id_ed25519')
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', ssh])
    chmodSync(ssh, 0o600)
    const sshRecipient = readFileSync(`${ssh}.pub`, 'utf8').split(' ').slice(0, 2).join(' ')
    const env = {
      ...{ PATH: process.env.PATH, HOME: directory, XDG_CONFIG_HOME: join(directory, '.config') },
      ...{ SOPS_AGE_KEY: old.secret, SOPS_AGE_KEY_FILE: keyFile, SOPS_AGE_KEY_CMD: `cat ${keyFile}` },
      SOPS_AGE_SSH_PRIVATE_KEY_FILE: ssh,
    }
    // the stanza of the new one is there, so that only sops can tell that it does not open
    const text = encryptSecret(`${next.recipient},${old.recipient},${sshRecipient}`)
    const damaged = text.replace(/^( {12})YWdl.{8}/m, '$1AAAAAAAAAAAA')
    const files = [
      { file: 'damaged.yaml', text: damaged },
      {
        file: 'grouped.yaml',
        text: damaged.replace(
          /^sops:\n/m,
          '$&    pgp:\n        - created_at: "2024-01-01T00:00:00Z"\n          enc: x\n          fp: 0000000000000000000000000000000000000000\n',
        ),
      },
    ]
    for (const takeOut of [undefined, old.recipient]) {
      const found = await rekeyFiles(files, {
        takeOut,
        identities: [next],
        repository: { root: directory, env },
      })
      assert.equal(found.edits, [])
      assert.equal(
        found.troubles.map(({ status }) => status),
        ['unopenable', 'unopenable'],
      )
      assert.not(JSON.stringify(found).includes(directory))
    }
    const shared = await shareFiles(
      [{ file: 'x.yaml', text: damaged }],
      { old: next.recipient, next: friend.recipient },
      [next],
      { root: directory, env },
    )
    assert.equal(
      shared.troubles.map(({ finding }) => finding.code),
      ['rotate-stanza-damaged'],
    )
    const right = await rekeyFiles([{ file: 'x.yaml', text }], {
      takeOut: old.recipient,
      identities: [next],
      repository: { root: directory, env },
    })
    assert.equal(right.troubles, [])
  })
})

test('nothing is left of what is interrupted', async () => {
  await withDirectory(async (directory) => {
    const started = join(directory, 'started')
    // that no other process sleeps
    const sleep = `sleep 61.${process.pid}`
    const { env } = traceCalls(directory, { PATH: process.env.PATH, HOME: directory }, ['sops'], {
      sops: `cat "$SOPS_AGE_KEY_FILE" >/dev/null; echo >> '${started}'; ${sleep}`,
    })
    const text = encryptSecret(`${old.recipient},${next.recipient}`)
    const files = Array.from({ length: 4 }, (_, index) => ({ file: `${index}.yaml`, text }))
    const alone = files.map(({ file }) => ({ file, text: encryptSecret(old.recipient) }))
    for (const work of [
      (signal: AbortSignal) =>
        rekeyFiles(files, {
          takeOut: old.recipient,
          identities: [next],
          repository: { root: directory, env, signal },
        }),
      (signal: AbortSignal) => shareFiles(alone, rotation, [old], { root: directory, env, signal }),
    ]) {
      const controller = new AbortController()
      const reason = new Error('interrupted')
      const running = work(controller.signal).catch((error) => error)
      await until('sops runs', () => existsSync(started))
      assert.is(leftovers().length, 1)
      controller.abort(reason)
      assert.is(await running, reason)
      assert.equal(leftovers(), [])
      await until('all have ended', () => !listProcesses().some(({ command }) => command === sleep))
      execFileSync('rm', [started])
    }
  })
})

test.run()
