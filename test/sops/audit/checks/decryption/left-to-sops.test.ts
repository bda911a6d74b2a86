import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { decryptionFindings } from '../../../../../scripts/findings/catalogue/decryption.ts'
import { ofCodes } from '../../../../helpers/audit.ts'
import { encryptText, makeKey } from '../../../../helpers/keys.ts'
import { withRepository } from '../../../../helpers/repository.ts'
import { auditsOf, decryptedBySops } from '../../../../helpers/sops/with-key.ts'

const [key, other] = [makeKey(), makeKey()]
const codes = ['sops-refuses', 'mac-mismatch', 'needs-sops', 'not-a-recipient']

/** With a tag, which our reader leaves to sops. */
const odd = encryptText(key.recipient, 'kind: Secret\nstringData:\n  x: hidden-value\n  y: one\n').replace(
  'kind: Secret',
  'kind: !!str Secret',
)

const { withKey, plainly, inside } = auditsOf(decryptionFindings)

test('what only sops can read is judged by sops', async () => {
  const files = {
    'mac.yaml': odd.replace('Secret', 'ConfigMap'),
    'moved.yaml': odd.replace('    x:', '    z:'),
    'plain.yaml': odd.replace('stringData:\n', 'stringData:\n    added: 2026-01-01\n'),
    'right.yaml': odd,
  }
  assert.equal(await decryptedBySops(files, [key]), ['right.yaml'])
  const audited = await withKey(files, [key])
  assert.equal(ofCodes(audited, ...codes), [
    'mac.yaml:1 mac-mismatch',
    'moved.yaml:1 sops-refuses',
    'plain.yaml:1 sops-refuses',
  ])
  assert.not.match(JSON.stringify(audited), /hidden-value|AGE-SECRET-KEY/)
  // without a key nothing is known of them
  assert.equal(ofCodes(await plainly(files), ...codes), [])
})

test('a file that sops can only say is for somebody else', async () => {
  const theirs = encryptText(other.recipient, 'kind: Secret\nstringData:\n  x: a\n').replace(
    'kind: ',
    'kind: !!str ',
  )
  const { found, facts } = await withKey({ 'a.yaml': odd, 'b.yaml': theirs }, [key])
  assert.equal(found, ['b.yaml:1 not-a-recipient'])
  assert.equal(facts, [{ recipients: other.recipient, more: '' }])
})

test('without sops it is said that the file was not checked', () =>
  withRepository({ 'a.yaml': odd, 'b.yaml': odd.replace('!!str ', '') }, async ({ root, env, directory }) => {
    const keyFile = join(directory, 'keys.txt')
    writeFileSync(keyFile, key.text, { mode: 0o600 })
    const bin = join(directory, 'bin')
    mkdirSync(bin)
    for (const program of ['git', 'age-keygen', 'sh']) {
      const path = execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim()
      symlinkSync(path, join(bin, program))
    }
    const { found, facts } = await inside({ root, env: { ...env, PATH: bin } }, { keyFile })
    assert.equal(found, ['a.yaml:1 needs-sops'])
    assert.equal(facts, [{ file: 'a.yaml', why: 'sops is not on PATH' }])
  }))

test('staged: sops reads the working tree, and only where that is what is staged', () =>
  withRepository({}, async ({ root, env, directory, git }) => {
    const keyFile = join(directory, 'keys.txt')
    writeFileSync(keyFile, key.text, { mode: 0o600 })
    for (const file of ['same.yaml', 'other.yaml']) writeFileSync(join(root, file), odd)
    git('add', '--all')
    writeFileSync(join(root, 'other.yaml'), odd.replace('    x:', '    z:'))
    const audited = await inside({ root, env }, { keyFile, staged: true })
    assert.equal(ofCodes(audited, ...codes), ['other.yaml:1 needs-sops'])
  }))

test.run()
