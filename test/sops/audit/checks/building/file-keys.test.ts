import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { auditOf, ofCodes } from '../../../../helpers/audit.ts'
import { encrypt, key, secret } from '../../../../helpers/flux/encrypted-objects.ts'
import { fluxKustomization } from '../../../../helpers/flux/flux-objects.ts'
import { makeKey, makeSshRecipient } from '../../../../helpers/keys.ts'

const block = '  decryption: {provider: sops, secretRef: {name: sops-age}}\n'
const root = { 'c/a.yaml': fluxKustomization('a', './apps', block) }
const ssh = { ...key, recipient: makeSshRecipient() }

const cases: Record<string, [files: Record<string, string>, found: string[]]> = {
  'age keys': [
    { 'apps/s.yaml': encrypt(secret('s')), 'apps/t.yaml': encrypt(secret('t'), { to: [[key, ssh]] }) },
    [],
  ],
  'a post-quantum key': [
    { 'apps/s.yaml': encrypt(secret('s')), 'apps/t.yaml': encrypt(secret('t'), { to: [[makeKey('-pq')]] }) },
    [],
  ],
  'only an SSH key beside age keys': [
    { 'apps/s.yaml': encrypt(secret('s')), 'apps/t.yaml': encrypt(secret('t'), { to: [[ssh]] }) },
    ['apps/t.yaml:8 no-recipient-for-flux'],
  ],
  'only SSH keys everywhere, which the controller may have': [
    { 'apps/t.yaml': encrypt(secret('t'), { to: [[ssh]] }) },
    [],
  ],
  'two key groups': [
    { 'apps/s.yaml': encrypt(secret('s'), { to: [[key], [makeKey()]] }) },
    ['apps/s.yaml:8 several-key-groups'],
  ],
  'two key groups of a file that Flux does not build': [
    { 'talos/s.yaml': encrypt(secret('s'), { to: [[key], [makeKey()]] }) },
    [],
  ],
}

for (const [title, [files, expected]] of Object.entries(cases))
  test(`${title}: ${expected.length > 0 ? expected : 'nothing is found'}`, async () => {
    const audited = await auditOf({ ...root, ...files })
    assert.equal(ofCodes(audited, 'no-recipient-for-flux', 'several-key-groups'), expected)
  })

test.run()
