import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { keysFindings } from '../../../../../scripts/findings/catalogue/keys.ts'
import { ofCodes } from '../../../../helpers/audit.ts'
import { encryptSecret, makeKey, sopsConfig } from '../../../../helpers/keys.ts'
import { withRepository } from '../../../../helpers/repository.ts'
import { auditsOf } from '../../../../helpers/sops/with-key.ts'

const { plainly, inside } = auditsOf(keysFindings)

const [key, other, hybrid] = [makeKey(), makeKey(), makeKey('-pq')]
const codes = ['key-in-git', 'other-key-in-git', 'key-not-ignored']

test('a private key in git, with its line and its public key', async () => {
  const base64 = Buffer.from(key.text).toString('base64')
  const files = {
    '.sops.yaml': sopsConfig(key.recipient, hybrid.recipient),
    '.env': `A=1\nSOPS_AGE_KEY=${key.secret}\n`,
    'keys.txt': other.text + key.text,
    'mise.toml': `[env]\nSOPS_AGE_KEY = "${hybrid.secret}"\n`,
    'secret.yaml': `kind: Secret\ndata:\n  age.agekey: ${base64}\n`,
  }
  const audited = await plainly(files)
  const lines = other.text.split('\n').length - 1
  assert.equal(ofCodes(audited, ...codes), [
    '.env:2 key-in-git',
    `keys.txt:${lines} other-key-in-git`,
    `keys.txt:${lines + key.text.split('\n').length - 1} key-in-git`,
    'mise.toml:2 key-in-git',
    'secret.yaml:3 key-in-git',
  ])
  const inKeys = audited.findings.filter(({ file }) => file === 'keys.txt')
  assert.equal(
    inKeys.map(({ facts }) => facts.recipient),
    [other.recipient, key.recipient],
  )
  for (const { secret } of [key, other, hybrid]) assert.not.ok(JSON.stringify(audited).includes(secret))
})

test('a key that only files are encrypted to is one in use', async () => {
  const audited = await plainly({ 'a.enc.yaml': encryptSecret(key.recipient), 'key.txt': key.text })
  assert.equal(ofCodes(audited, ...codes), [`key.txt:${key.text.split('\n').length - 1} key-in-git`])
})

test('documentation, an encrypted key and an ignored file are silent', async () => {
  const files = {
    '.gitignore': '.age-key.txt\n',
    'README.md': `Save \`AGE-SECRET-KEY-1${'X'.repeat(58)}\` as .age-key.txt: AGE-SECRET-KEY-1…\n`,
    'key.enc.yaml': encryptSecret(other.recipient, key.secret),
  }
  await withRepository(files, async ({ root, env }) => {
    writeFileSync(join(root, '.age-key.txt'), key.text, { mode: 0o600 })
    assert.equal(ofCodes(await inside({ root, env }), ...codes), [])
  })
})

test('a new file with a key, which git would take; staged it is in git', () =>
  withRepository({ '.sops.yaml': sopsConfig(key.recipient) }, async ({ root, env, git }) => {
    writeFileSync(join(root, '.age-key.txt'), key.text, { mode: 0o600 })
    const place = `.age-key.txt:${key.text.split('\n').length - 1}`
    assert.equal(ofCodes(await inside({ root, env }), ...codes), [`${place} key-not-ignored`])
    git('add', '--all')
    assert.equal(ofCodes(await inside({ root, env }, { staged: true }), ...codes), [`${place} key-in-git`])
  }))

test.run()
