import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  openAgeFile,
  readAgeFile,
  x25519Identity,
} from '../../../../../scripts/lib/sops/reader/keys/age-file.ts'
import { openDataKey } from '../../../../../scripts/lib/sops/reader/keys/data-key.ts'
import { type Key, makeKey } from '../../../../helpers/keys.ts'

const [ours, another, stranger] = [makeKey(), makeKey(), makeKey()]
const hybrid = makeKey('-pq')
const dataKey = randomBytes(32)

/** As the real age does it. */
function encrypt(input: Buffer, ...recipients: string[]): string {
  const args = ['--armor', ...recipients.flatMap((recipient) => ['--recipient', recipient])]
  return execFileSync('age', args, { input, encoding: 'utf8' })
}

/** @returns `undefined` where it is not read, or not opened */
function open(armored: string, { secret }: Key = ours): Buffer | undefined {
  const file = readAgeFile(armored)
  return file && openAgeFile(file, x25519Identity(secret))
}

/** With the library where ours does not read it. */
async function unwrap(enc: string, ...identities: Key[]): Promise<string> {
  const groups = [{ age: [{ recipient: stranger.recipient, enc }], others: [] }]
  const opened = await openDataKey({ groups, threshold: 1 }, identities)
  if (opened.code !== 'opened') return opened.code
  return opened.key.export().equals(dataKey) ? 'opened' : 'another key'
}

test('what age encrypts for a recipient of X25519 is opened by its identity alone', () => {
  for (const length of [0, 1, 32, 33, 64 * 1024]) {
    const input = randomBytes(length)
    const armored = encrypt(input, ours.recipient)
    assert.ok(open(armored)?.equals(input), `${length}`)
    assert.is(open(armored, another), undefined)
  }
})

test('a file that is written otherwise is not read, and opened by the library', async () => {
  const others = [
    encrypt(dataKey, ours.recipient, another.recipient),
    encrypt(dataKey, hybrid.recipient),
    encrypt(randomBytes(64 * 1024 + 1), ours.recipient),
  ]
  for (const armored of others) assert.is(readAgeFile(armored), undefined)
  const [two = '', quantum = ''] = others
  assert.is(await unwrap(two, ours), 'opened')
  assert.is(await unwrap(two, another), 'opened')
  assert.is(await unwrap(two, stranger), 'not-a-recipient')
  assert.is(await unwrap(quantum, ours), 'not-a-recipient')
  assert.is(await unwrap(quantum, ours, hybrid), 'opened')
})

test('a file that is changed at any place opens no more', () => {
  const lines = encrypt(dataKey, ours.recipient).trimEnd().split('\n')
  const armored = (file: Buffer) => {
    const body = file.toString('base64').replace(/.{64}(?!$)/g, '$&\n')
    return [lines[0], body, lines.at(-1)].join('\n')
  }
  const file = Buffer.from(lines.slice(1, -1).join(''), 'base64')
  assert.ok(open(armored(file))?.equals(dataKey))
  for (let at = 0; at < file.length; at++)
    for (const bit of [1, 0x80]) {
      const changed = Buffer.from(file)
      changed[at]! ^= bit
      // the last bit of a public key does not count in X25519, but the MAC is of it
      assert.is(open(armored(changed)), undefined, `${at}`)
      assert.is(open(armored(file.subarray(0, at))), undefined, `cut at ${at}`)
    }
  assert.is(open(armored(Buffer.concat([file, Buffer.alloc(1)]))), undefined)
})

test('base64 that says the same in another way is not read', () => {
  const armored = encrypt(dataKey, ours.recipient)
  const last = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  const after = (character: string) => last[last.indexOf(character) + 1]!
  const same = armored.replace(/(.)(=+\n-----END)/, (_, end, rest) => after(end) + rest)
  assert.is.not(same, armored)
  assert.is(readAgeFile(same), undefined)
  assert.is(readAgeFile(armored.replace(/=+\n-----END/, '\n-----END')), undefined)
})

test.run()
