import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { decryptionFindings } from '../../../../../scripts/findings/catalogue/decryption.ts'
import { ofCodes } from '../../../../helpers/audit.ts'
import { encryptSecret, makeKey } from '../../../../helpers/keys.ts'
import { withRepository } from '../../../../helpers/repository.ts'
import { auditsOf, decryptedBySops, encryptWithGroups } from '../../../../helpers/sops/with-key.ts'

const [ours, theirs, third] = [makeKey(), makeKey(), makeKey()]
const codes = ['not-a-recipient', 'key-opens-nothing', 'group-not-satisfied']

const { withKey, inside } = auditsOf(decryptionFindings)

test('files for others are said once for all that have the same recipients', async () => {
  const files = {
    'a.enc.yaml': encryptSecret(theirs.recipient),
    'b.enc.yaml': encryptSecret(ours.recipient),
    'c.enc.yaml': encryptSecret(`${third.recipient},${theirs.recipient}`),
    'd.enc.yaml': encryptSecret(theirs.recipient),
    'e.enc.yaml': encryptSecret(`${theirs.recipient},${third.recipient}`),
    'f.enc.yaml': encryptSecret(theirs.recipient),
  }
  assert.equal(await decryptedBySops(files, [ours]), ['b.enc.yaml'])
  const audited = await withKey(files, [ours])
  assert.equal(ofCodes(audited, ...codes), ['a.enc.yaml:8 not-a-recipient', 'c.enc.yaml:8 not-a-recipient'])
  assert.equal(audited.facts.slice(0, 2), [
    { recipients: theirs.recipient, more: ', as are 2 more files' },
    { recipients: `${third.recipient}, ${theirs.recipient}`, more: ', as is another file' },
  ])
  assert.equal(ofCodes(await withKey(files, [ours, theirs]), ...codes), [])
})

test('a key that was named and opens nothing is one fact', async () => {
  const files = {
    'a.enc.yaml': encryptSecret(theirs.recipient),
    'b.enc.yaml': encryptSecret(third.recipient),
  }
  await withRepository(files, async ({ root, env, directory }) => {
    const keyFile = join(directory, 'keys.txt')
    writeFileSync(keyFile, ours.text, { mode: 0o600 })
    const { found, facts } = await inside({ root, env }, { keyFile })
    assert.equal(found, [`age key ${keyFile} key-opens-nothing`])
    assert.equal(facts, [{ count: '2', recipients: ours.recipient }])
    // one that happens to be there is for another repository
    const found2 = await inside({ root, env: { ...env, SOPS_AGE_KEY_FILE: keyFile } })
    assert.equal(ofCodes(found2, ...codes), ['a.enc.yaml:8 not-a-recipient', 'b.enc.yaml:8 not-a-recipient'])
  })
})

test('a file of which too few key groups can be opened', async () => {
  const groups = [[ours.recipient], [theirs.recipient], [third.recipient]]
  const files = { 'a.enc.yaml': encryptWithGroups(groups, 2), 'b.enc.yaml': encryptSecret(ours.recipient) }
  assert.equal(await decryptedBySops(files, [ours]), ['b.enc.yaml'])
  const audited = await withKey(files, [ours])
  assert.equal(ofCodes(audited, ...codes), ['a.enc.yaml:4 group-not-satisfied'])
  assert.equal(audited.facts[0], { needed: '2', opened: '1' })
  assert.equal(await decryptedBySops(files, [ours, third]), Object.keys(files))
  assert.equal(ofCodes(await withKey(files, [ours, third]), ...codes), [])
})

test.run()
