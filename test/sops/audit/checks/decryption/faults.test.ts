import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { decryptionFindings } from '../../../../../scripts/findings/catalogue/decryption.ts'
import { ofCodes } from '../../../../helpers/audit.ts'
import { encryptSecret, encryptText, makeKey } from '../../../../helpers/keys.ts'
import { withRepository } from '../../../../helpers/repository.ts'
import { auditsOf, decryptedBySops } from '../../../../helpers/sops/with-key.ts'

const [key, other] = [makeKey(), makeKey()]
const { recipient } = key

const secret = (...entries: string[]) =>
  `apiVersion: v1\nkind: Secret\nmetadata:\n  name: x\nstringData:\n${entries.map((entry) => `  ${entry}\n`).join('')}`

const text = encryptText(recipient, secret('user: admin', 'password: hello'))
const lineOf = (start: string) => text.split('\n').findIndex((line) => line.startsWith(start)) + 1

/** Audits damaged files beside the one that they were made of, and asks the real sops whether it refuses just these. */
async function damaged(files: Readonly<Record<string, string>>, ...codes: string[]): Promise<string[]> {
  const all = { ...files, 'right.enc.yaml': text }
  assert.equal(await decryptedBySops(all, [key]), ['right.enc.yaml'])
  const audited = await withKey(all, [key])
  assert.equal(
    audited.found.filter((one) => one.startsWith('right')),
    [],
  )
  return ofCodes(audited, ...codes)
}

const { withKey, plainly, inside } = auditsOf(decryptionFindings)

test('an unfinished merge is found with its line', async () => {
  const conflict = text.replace('stringData:', '<<<<<<< ours\nstringData:\n=======\nother:\n>>>>>>> theirs')
  assert.equal(await damaged({ 'a.enc.yaml': conflict }, 'merge-conflict'), ['a.enc.yaml:5 merge-conflict'])
})

test('metadata without what sops needs', async () => {
  const files = {
    'age.enc.yaml': text.replace(/^ {4}age:\n(?: {8}.*\n)+/m, ''),
    'time.enc.yaml': text.replace(/^ {4}lastmodified: .*\n/m, ''),
    'two.enc.yaml': text.replace(/^ {4}encrypted_regex: .*\n/m, '$&    encrypted_suffix: _x\n'),
  }
  const place = lineOf('sops:')
  assert.equal(await damaged(files, 'metadata-unreadable'), [
    `age.enc.yaml:${place} metadata-unreadable`,
    `time.enc.yaml:${place} metadata-unreadable`,
    `two.enc.yaml:${place} metadata-unreadable`,
  ])
  const { facts } = await plainly({ 'time.enc.yaml': files['time.enc.yaml'] })
  assert.equal(facts, [{ file: 'time.enc.yaml', field: 'lastmodified' }])
})

test('a plain object before an encrypted one', async () => {
  const files = { 'a.enc.yaml': `kind: ConfigMap\n---\n${text}` }
  assert.equal(await damaged(files, 'first-document-plain'), ['a.enc.yaml:1 first-document-plain'])
})

test('objects that were encrypted one by one and put into one file, with a key and without', async () => {
  const another = encryptText(recipient, secret('c: one'))
  const files = { 'a.enc.yaml': `${text}---\n${another}---\n${encryptText(recipient, secret('d: two'))}` }
  const place = text.split('\n').length + another.split('\n').indexOf('sops:') + 1
  const expected = [`a.enc.yaml:${place} different-data-keys`]
  assert.equal(await damaged(files, 'different-data-keys', 'value-broken'), expected)
  assert.equal(ofCodes(await plainly(files), 'different-data-keys'), expected)
  const foreign = await withKey(files, [other])
  assert.equal(ofCodes(foreign, 'different-data-keys'), expected)
  // as sops writes them
  const together = encryptText(recipient, `${secret('a: one')}---\n${secret('b: two')}`)
  assert.equal((await withKey({ 'a.enc.yaml': together }, [key])).found, [])
  assert.equal(await decryptedBySops({ 'a.enc.yaml': together }, [key]), ['a.enc.yaml'])
})

test('a value under another key, with its old name where the file itself tells it', async () => {
  const files = {
    'section.enc.yaml': text.replace('stringData:', 'data:'),
    'swapped.enc.yaml': text
      .replace('    user:', '    x:')
      .replace('    password:', '    user:')
      .replace('    x:', '    password:'),
  }
  assert.equal(await damaged(files, 'value-moved'), [
    'section.enc.yaml:6 value-moved',
    'section.enc.yaml:7 value-moved',
    'swapped.enc.yaml:6 value-moved',
    'swapped.enc.yaml:7 value-moved',
  ])
  const { facts } = await withKey({ 'swapped.enc.yaml': files['swapped.enc.yaml'] }, [key])
  assert.equal(facts[0], {
    file: 'swapped.enc.yaml',
    path: 'stringData.password',
    from: 'stringData.user',
  })
})

test('a renamed value has its old name from the older versions of the file, under an older name too', async () => {
  const renamed = text.replace('    user:', '    name:')
  const broken = ['b.enc.yaml:6 value-broken']
  assert.equal(await damaged({ 'b.enc.yaml': renamed }, 'value-broken', 'value-moved'), broken)
  await withRepository({ 'a.enc.yaml': text }, async ({ root, env, directory, git }) => {
    const keyFile = join(directory, 'keys.txt')
    writeFileSync(keyFile, key.text, { mode: 0o600 })
    git('mv', 'a.enc.yaml', 'b.enc.yaml')
    writeFileSync(join(root, 'b.enc.yaml'), renamed)
    git('add', '--all')
    git('commit', '--quiet', '--message', 'other names')
    const { found, facts } = await inside({ root, env }, { keyFile })
    assert.equal(found, ['b.enc.yaml:6 value-moved'])
    assert.equal(facts, [{ file: 'b.enc.yaml', path: 'stringData.name', from: 'stringData.user' }])
  })
})

test('a value that was changed, or is of another file', async () => {
  const foreign = /^ {4}user: (.*)$/m.exec(encryptText(recipient, secret('user: x')))![1]!
  const files = {
    'changed.enc.yaml': text.replace(/(user: ENC\[AES256_GCM,data:)(.)/, (_, start, one) =>
      one === 'A' ? `${start}B` : `${start}A`,
    ),
    'foreign.enc.yaml': text.replace(/^ {4}user: .*$/m, `    user: ${foreign}`),
  }
  assert.equal(await damaged(files, 'value-broken'), [
    'changed.enc.yaml:6 value-broken',
    'foreign.enc.yaml:6 value-broken',
  ])
})

test('the MAC: missing, and of a file that was changed', async () => {
  const place = lineOf('sops:')
  const files = {
    'empty.enc.yaml': text.replace(/^ {4}mac: .*$/m, '    mac: ""'),
    'missing.enc.yaml': text.replace(/^ {4}mac: .*\n/m, ''),
    'label.enc.yaml': text.replace('    name: x\n', '    name: y\n'),
    'removed.enc.yaml': text.replace(/^ {4}user: .*\n/m, ''),
  }
  assert.equal(await damaged(files, 'mac-missing', 'mac-mismatch'), [
    `empty.enc.yaml:${place} mac-missing`,
    `label.enc.yaml:${place} mac-mismatch`,
    `missing.enc.yaml:${place} mac-missing`,
    `removed.enc.yaml:${place - 1} mac-mismatch`,
  ])
  // without a key the first can be told
  const { found } = await plainly(files)
  assert.equal(found, [`empty.enc.yaml:${place} mac-missing`, `missing.enc.yaml:${place} mac-missing`])
})

test('a damaged data key of the recipient whose key is at hand', async () => {
  const files = {
    'a.enc.yaml': text.replace(/^ +(?=[A-Za-z0-9+/=]{20,}$)(?!.*-----)/m, '$&AAAA'),
  }
  assert.equal(await damaged(files, 'stanza-damaged'), [`a.enc.yaml:${lineOf('sops:')} stanza-damaged`])
})

test('a damaged data key of somebody else, which is not seen and hurts nobody here', async () => {
  const two = encryptText(`${recipient},${other.recipient}`, secret('a: one'))
  const at = two.lastIndexOf('-----BEGIN AGE')
  const files = { 'a.enc.yaml': two.slice(0, at) + two.slice(at).replace(/\n +(?=[A-Za-z0-9])/, '$&AAAA') }
  assert.is.not(files['a.enc.yaml'], two)
  assert.equal(await decryptedBySops(files, [key]), ['a.enc.yaml'])
  assert.equal((await withKey(files, [key])).found, [])
})

test('an encrypted comment in a list is only mentioned: the sops of today reads it', async () => {
  const args = ['--config', '/dev/null', 'encrypt', '--age', recipient, '--input-type', 'yaml']
  const encrypt = (input: string) =>
    execFileSync('sops', [...args, '--output-type', 'yaml', '--filename-override', 'x.yaml'], {
      input,
      encoding: 'utf8',
    })
  const files = {
    'above.enc.yaml': encrypt('# of the list\nlist:\n  - a\n'),
    'within.enc.yaml': encrypt('list:\n  - a\n  # of the item\n  - b\n'),
  }
  assert.equal(await decryptedBySops(files, [key]), Object.keys(files))
  assert.equal((await withKey(files, [key])).found, ['within.enc.yaml:3 comment-in-list'])
})

test('no value and no key is in what was found', async () => {
  const moved = text.replace('stringData:', 'data:')
  const { found, facts } = await withKey(
    { 'a.enc.yaml': moved, 'b.enc.yaml': encryptSecret(other.recipient) },
    [key],
  )
  const said = JSON.stringify([found, facts])
  for (const hidden of ['hello', 'admin', key.secret]) assert.not.ok(said.includes(hidden))
})

test.run()
