import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { otherKinds, readKeySecret, recipientsOf } from '../../../scripts/lib/cluster/key-secret.ts'
import { MissingProgram } from '../../../scripts/lib/errors.ts'
import { makeKey } from '../../helpers/keys.ts'
import { thrown } from '../../helpers/thrown.ts'

const { env } = process
const [one, two] = [makeKey(), makeKey()]

const secretOf = (data: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'sops-age', namespace: 'flux-system' },
  data: Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  ),
})

test('every entry that ends in .agekey counts, and no other one', async () => {
  const secret = secretOf({
    'age.agekey': one.text,
    'old.agekey': two.secret,
    'age.key': two.text,
    'age.AGEKEY': two.text,
    'x.asc': 'x',
  })
  const { ageEntries, otherDataKeys } = await readKeySecret(secret, { env })
  assert.equal(recipientsOf(ageEntries), [one.recipient, two.recipient])
  assert.equal(otherDataKeys, ['age.key', 'age.AGEKEY', 'x.asc'])
  assert.equal(otherKinds(otherDataKeys), ['pgp'])
  assert.equal(otherKinds(['sops.vault-token', 'sops.aws-kms', 'a.sops.b', 'constructor']), [
    'hc_vault',
    'kms',
  ])
})

test('an entry without an identity holds none; one that the controller cannot read says which line', async () => {
  const secret = secretOf({ 'a.agekey': '# a comment\n\n', 'b.agekey': `${one.secret}\n ${two.secret}\n` })
  const { ageEntries } = await readKeySecret(secret, { env })
  assert.equal(
    ageEntries.map(({ dataKey, identities, badLine }) => [dataKey, identities, badLine?.reason]),
    [
      ['a.agekey', [], undefined],
      ['b.agekey', [], 'line 2 has a blank at its start'],
    ],
  )
})

test('no Secret, and one without data, hold nothing', async () => {
  const nothing = { ageEntries: [], otherDataKeys: [] }
  assert.equal(await readKeySecret(undefined, { env }), nothing)
  const { data: _, ...empty } = secretOf({})
  assert.equal(await readKeySecret(empty, { env }), nothing)
})

test('without age-keygen it is not taken for empty', async () => {
  const reading = readKeySecret(secretOf({ 'age.agekey': one.secret }), { env: { PATH: '/nonexistent' } })
  assert.instance(await thrown(reading), MissingProgram)
})

test.run()
