import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { diagnoseCases } from '../../helpers/flux/diagnose-cases.ts'
import { encrypt, key, secret } from '../../helpers/flux/encrypted-objects.ts'
import { makeKey } from '../../helpers/keys.ts'

const block = (name: string) => `  decryption: {provider: sops, secretRef: {name: ${name}}}\n`
const files = (name: string) => ({ 's.yaml': encrypt(secret(name)) })

const cases = [
  ['missing', undefined, 'key-secret-missing'],
  ['wrong-data-key', { 'age.key': key.text }, 'no-identity'],
  ['public-key', { 'age.agekey': key.recipient }, 'key-unusable'],
  ['another-key', { 'age.agekey': makeKey().text }, 'wrong-key'],
] as const

test('what is wrong with the key is the headline', async () => {
  const seen = await diagnoseCases(cases.map(([name, keys]) => ({ name, files, keys, spec: block(name) })))
  for (const [name, , code] of cases) assert.is(seen.get(name)?.headline?.code, code, name)
  const wrong = seen.get('another-key')?.headline
  assert.is(wrong?.file, 'another-key/s.yaml')
  assert.is(
    wrong?.line,
    files('x')
      ['s.yaml'].split('\n')
      .findIndex((line) => line.includes('recipient:')) + 1,
  )
})

test.run()
