import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { keysFindings } from '../../../../../scripts/findings/catalogue/keys.ts'
import { ofCodes } from '../../../../helpers/audit.ts'
import { encryptText, makeKey } from '../../../../helpers/keys.ts'
import { auditsOf } from '../../../../helpers/sops/with-key.ts'

const [key, other] = [makeKey(), makeKey()]
const code = 'key-secret-to-itself'

const keySecret = (recipients: string, section: string, text: string) =>
  encryptText(
    recipients,
    `kind: Secret\nmetadata:\n  name: sops-age\n${section}:\n  age.agekey: ${JSON.stringify(text)}\n`,
  )

const { withKey, plainly } = auditsOf(keysFindings)

test('the key of a cluster, encrypted to itself alone', async () => {
  const base64 = Buffer.from(key.text).toString('base64')
  const files = {
    'data.enc.yaml': keySecret(key.recipient, 'data', base64),
    'text.enc.yaml': keySecret(key.recipient, 'stringData', key.text),
  }
  const audited = await withKey(files, [key])
  assert.equal(audited.found, [`data.enc.yaml:5 ${code}`, `text.enc.yaml:5 ${code}`])
  assert.equal(audited.facts, [{ recipient: key.recipient }, { recipient: key.recipient }])
  assert.not.match(JSON.stringify(audited), /AGE-SECRET/)
  // without the key nobody knows which one it is
  assert.equal(ofCodes(await plainly(files), code), [])
})

test('one that somebody else can read as well, or that holds another key', async () => {
  const files = {
    'both.enc.yaml': keySecret(`${key.recipient},${other.recipient}`, 'stringData', key.text),
    'other.enc.yaml': keySecret(key.recipient, 'stringData', other.text),
    'name.enc.yaml': encryptText(key.recipient, 'kind: Secret\nstringData:\n  age.agekey: none\n'),
  }
  assert.equal(ofCodes(await withKey(files, [key]), code), [])
})

test.run()
