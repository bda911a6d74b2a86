import { execFileSync } from 'node:child_process'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { UserError } from '../../../scripts/lib/errors.ts'
import { readIdentities, renderIdentities } from '../../../scripts/lib/sops/age.ts'

const env = process.env
const generate = (...args: string[]) => {
  const text = execFileSync('age-keygen', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  return {
    text,
    secret: /^AGE-SECRET-KEY-.*$/m.exec(text)![0],
    recipient: /public key: (.*)$/m.exec(text)![1]!,
  }
}
const one = generate()
const two = generate()
const quantum = generate('-pq')

/** The message for a key text that must be refused; it must quote nothing of it. */
async function refusal(text: string, exact = false): Promise<string> {
  const error = await readIdentities(text, 'key.txt', { env, exact }).catch((caught) => caught)
  assert.instance(error, UserError)
  for (const word of text.split(/[\s"'=]+/).filter((part) => part.length > 20))
    assert.not.match(error.message, word)
  assert.is(error.exitCode, 2)
  return error.message
}

const good: Record<string, [text: string, recipients: string[]]> = {
  'as age-keygen writes it': [one.text, [one.recipient]],
  'CRLF, blanks around, blank lines': [`\r\n  ${one.secret} \t\r\n   \n # note\n`, [one.recipient]],
  'a byte order mark': [`\uFEFF${one.secret}`, [one.recipient]],
  'no final newline': [one.secret, [one.recipient]],
  'several identities': [`${one.secret}\n${two.secret}\n`, [one.recipient, two.recipient]],
  'a post-quantum identity': [`${quantum.secret}\n${one.secret}\n`, [quantum.recipient, one.recipient]],
}
for (const [name, [text, recipients]] of Object.entries(good)) {
  test(`reads ${name}`, async () => {
    const { identities } = await readIdentities(text, 'key.txt', { env })
    assert.equal(
      identities.map(({ recipient }) => recipient),
      recipients,
    )
    assert.is(renderIdentities(identities).split('\n').length, recipients.length + 1)
  })
}

/** Of a plugin that nobody has. It is no secret. */
const plugin = 'AGE-PLUGIN-NONE-1UUQXN8'
const typo = one.secret.replace(/.$/, (last) => (last === 'Q' ? 'P' : 'Q'))
const bad: Record<string, [text: string, message: RegExp]> = {
  'a public key': [`# key\n${one.recipient}\n`, /key\.txt: line 2 is a public key/],
  'a post-quantum public key': [quantum.recipient, /line 1 is a public key/],
  'an SSH private key': ['-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n', /line 1 is an SSH private key/],
  'an SSH public key': ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJX', /line 1 is an SSH public key/],
  'a truncated identity': [
    `${one.secret}\n\n${two.secret.slice(0, 60)}\n`,
    /line 3 is truncated or misspelt/,
  ],
  'a misspelt identity': [typo, /line 1 is truncated or misspelt/],
  'an identity behind blanks that is cut': [
    `\n   ${one.secret.slice(0, 50)}`,
    /line 2 is truncated or misspelt/,
  ],
  'lower case': [one.secret.toLowerCase(), /line 1 is an identity not written in capital letters/],
  'an armoured age file': [
    '-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n',
    /line 1 is the start of an age-encrypted file/,
  ],
  'a binary age file': ['age-encryption.org/v1\n-> scrypt', /line 1 is the start of an age-encrypted file/],
  'a plugin identity alone': [`\n${plugin}`, /line 2 is a plugin identity/],
  'a misspelt plugin identity': [`${one.secret}\n${plugin}Q`, /line 2 is truncated or misspelt/],
  quotes: [`"${one.secret}"`, /line 1 starts with a quote/],
  'a name in front': [`SOPS_AGE_KEY=${one.secret}`, /line 1 has a name in front/],
  'something else': ['hello', /line 1 is no age identity/],
  'base64 of a key': [Buffer.from(one.secret).toString('base64'), /line 1 is base64 of an age key/],
  'comments only': ['# created\n\n', /no age identity in key\.txt/],
  'an empty file': ['', /no age identity in key\.txt/],
}
for (const [name, [text, message]] of Object.entries(bad)) {
  test(`refuses ${name}`, async () => {
    assert.match(await refusal(text), message)
  })
}

test('exact: what the controller refuses although it could be mended is refused', async () => {
  for (const [text, reason] of [
    [` ${one.secret}`, 'line 1 has a blank at its start'],
    [`${one.secret} `, 'line 1 has a blank at its end'],
    [`${one.secret}\n \n`, 'line 2 holds nothing but blanks'],
    [` # note\n${one.secret}`, 'line 1 has a blank at its start'],
    [`\uFEFF${one.secret}`, 'line 1 starts with a byte order mark'],
    [`export KEY=${one.secret}`, 'line 1 has a name in front of the identity'],
    [Buffer.from(one.text).toString('base64'), 'line 1 is base64 of an age key'],
    [Buffer.from(one.secret).toString('base64'), 'line 1 is base64 of an age key'],
  ] as const)
    assert.match(await refusal(text, true), reason)
  const { identities } = await readIdentities(`# note\r\n\r\n${one.secret}\r\n`, 'key.txt', {
    env,
    exact: true,
  })
  assert.is(identities.length, 1)
})

test('a plugin identity beside another one is left out, and its line is told', async () => {
  for (const exact of [false, true]) {
    const key = await readIdentities(`# key\n${plugin}\n${one.secret}\n`, 'key.txt', { env, exact })
    assert.equal(
      key.identities.map(({ recipient }) => recipient),
      [one.recipient],
    )
    assert.equal(key.pluginLines, [2])
  }
})

test('exact: the controller reads a plugin identity alone, and nothing can be decrypted with it', async () => {
  assert.equal(await readIdentities(plugin, 'key.txt', { env, exact: true }), {
    identities: [],
    pluginLines: [1],
  })
  assert.match(await refusal(`${plugin}Q`, true), /line 1 is truncated or misspelt/)
})

test('age-keygen is named where it is missing', async () => {
  const error = await readIdentities(one.secret, 'key.txt', { env: { PATH: '/nonexistent' } }).catch(
    (caught) => caught,
  )
  assert.match(error.message, 'age-keygen is not on PATH')
  assert.match(error.hint, /mise (use|install) age/)
})

test.run()
