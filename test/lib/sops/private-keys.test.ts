import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { privateKeyMarks, privateKeysIn, recipientOf } from '../../../scripts/lib/sops/private-keys.ts'
import { makeKey } from '../../helpers/keys.ts'

const toBase64 = (text: string) => Buffer.from(text).toString('base64')

const keys = [makeKey(), makeKey('-pq')]

test('private keys are found wherever they stand in a text', async () => {
  for (const { secret, text } of keys) {
    const texts: [text: string, offset: number][] = [
      [secret, 0],
      [text, text.indexOf(secret)],
      [`export SOPS_AGE_KEY="${secret}"\n`, 21],
      [`{"key": "${secret}\\n"}`, 9],
      [`data:\n  age.agekey: ${toBase64(text)}\n`, 20],
      [`data:\n  age.agekey: ${toBase64(secret).replace(/.{76}(?=.)/g, '$&\n    ')}\n`, 20],
      [`data: ${toBase64(`x${text}`)}\n`, 6],
      [`data: ${toBase64(`xy${text}`)}\n`, 6],
    ]
    for (const [one, offset] of texts) {
      assert.ok(privateKeyMarks.some((mark) => one.includes(mark)))
      assert.equal(await privateKeysIn(one), [{ secret, offset }])
    }
  }
  const [first, second] = keys.map(({ secret }) => secret)
  assert.equal(
    (await privateKeysIn(`${first}\n${second}\n${first}\n`)).map(({ secret }) => secret),
    [first, second, first],
  )
})

test('what stands for a key is none', async () => {
  const [{ secret }] = keys as [(typeof keys)[0]]
  for (const text of [
    'AGE-SECRET-KEY-1...',
    `AGE-SECRET-KEY-1${'X'.repeat(58)}`,
    `AGE-SECRET-KEY-1${'Q'.repeat(58)}`,
    secret.slice(0, -1),
    secret.replace(/.$/, (last) => (last === 'Q' ? 'P' : 'Q')),
    secret.toLowerCase(),
    `AGE-PLUGIN-YUBIKEY-1${'Q'.repeat(58)}`,
    toBase64(`AGE-SECRET-KEY-1${'X'.repeat(58)}`),
  ])
    assert.equal(await privateKeysIn(text), [])
})

test('the public key is that of age-keygen', async () => {
  for (const { secret, recipient } of keys) assert.is(await recipientOf(secret), recipient)
  assert.is(await recipientOf('AGE-SECRET-KEY-1QQQ'), undefined)
})

test.run()
