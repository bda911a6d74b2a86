import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { decryptionFindings } from '../../../../../scripts/findings/catalogue/decryption.ts'

import { encryptSecret, makeKey } from '../../../../helpers/keys.ts'
import { auditsOf, decryptedBySops } from '../../../../helpers/sops/with-key.ts'

const key = makeKey()
const text = encryptSecret(key.recipient)
const withoutBlock = text.replace(/^sops:\n(?: .*\n)+/m, '')

const { plainly } = auditsOf(decryptionFindings)

test('a Secret whose metadata was taken away', async () => {
  const files = {
    'a.yaml': withoutBlock,
    'b.yaml': `kind: ConfigMap\n---\n${withoutBlock}`,
    'c.json': `{"kind": "Secret", "stringData": {"a": "${/ENC\[.*\]/.exec(withoutBlock)![0]}"}}`,
    'right.yaml': text,
  }
  assert.equal(await decryptedBySops(files, [key]), ['right.yaml'])
  assert.equal((await plainly(files)).found, [
    'a.yaml:7 ciphertext-without-metadata',
    'b.yaml:9 ciphertext-without-metadata',
    'c.json:1 ciphertext-without-metadata',
  ])
})

test('what only shows how it looks is none', async () => {
  const { found } = await plainly({
    'config-map.yaml': withoutBlock.replace('kind: Secret', 'kind: ConfigMap # no Secret'),
    'shortened.yaml': withoutBlock.replace(/ENC\[.*\]/, 'ENC[AES256_GCM,data:…,iv:…,tag:…,type:str]'),
    'README.md': `\`\`\`yaml\n${withoutBlock}\`\`\`\n`,
    'base64.yaml': `kind: Secret\ndata:\n  x: ${Buffer.from(text).toString('base64')}\n`,
  })
  assert.equal(found, [])
})

test.run()
