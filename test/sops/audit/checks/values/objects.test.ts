import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { valuesFindings } from '../../../../../scripts/findings/catalogue/values.ts'
import { assertNoValue, auditIn, auditOf, ofCodes } from '../../../../helpers/audit.ts'
import { writeFiles } from '../../../../helpers/files.ts'
import { type ObjectCase, objectCases, plantedValues } from '../../../../helpers/flux/refused-objects.ts'
import { encryptText, makeKey } from '../../../../helpers/keys.ts'
import { withRepository } from '../../../../helpers/repository.ts'

const { secret, recipient } = makeKey()
const codes = Object.keys(valuesFindings)
const cases = Object.entries(objectCases)
const named = (name: string) => `${name.replaceAll(' ', '-')}.yaml`
const plainFiles = Object.fromEntries(cases.map(([name, { manifest }]) => [named(name), manifest]))
// the ConfigMaps are those of people who encrypt them
const isPlainFound = ({ manifest }: ObjectCase) => manifest.includes('kind: Secret')

test('each object has the findings that it should have, in its line', async () => {
  const expected = cases.flatMap(([name, one]) =>
    isPlainFound(one)
      ? one.findings.map((found) => `${named(name)}:${found.split(':')[1]} ${found.split(':')[0]}`)
      : [],
  )
  const audited = await auditOf(plainFiles)
  assert.equal(ofCodes(audited, ...codes), expected.toSorted())
  assertNoValue(audited, plantedValues)
})

// of a file in which sops writes `? ` before a long key the reader is not sure
const encryptable = cases.flatMap(([, one]) => (/k{200}/.test(one.manifest) ? [] : one))
const encrypted = encryptText(recipient, encryptable.map(({ manifest }) => manifest).join('---\n'))
/** What only the value tells. */
const needKey = ['data-not-base64', 'value-masked', 'docker-config-broken', 'object-too-large']
const codesIn = (findings: readonly string[]) => findings.map((found) => found.split(':')[0]!)
const codesOf = (found: readonly string[]) => found.map((one) => one.split(' ')[1])

test('the same is found in encrypted objects, with the key all of it', async () => {
  const expected = encryptable.flatMap(({ findings }) => codesIn(findings))
  const inNames = encryptable.flatMap(({ manifest, findings }) =>
    // nobody encrypts `binaryData` here
    codesIn(findings).filter((code) => !needKey.includes(code) || manifest.includes('binaryData')),
  )
  await withRepository({ 'a.enc.yaml': encrypted }, async ({ root, env }) => {
    const withKey = await auditIn({ root, env: { ...env, SOPS_AGE_KEY: secret } })
    assert.equal(codesOf(ofCodes(withKey, ...codes)), expected)
    assertNoValue(withKey, plantedValues)
    const without = await auditIn({ root, env })
    assert.equal(codesOf(ofCodes(without, ...codes)), inNames)
  })
})

test('the same is found in what is about to be committed', async () => {
  await withRepository({}, async ({ root, env, git }) => {
    writeFiles(root, { 'a.enc.yaml': encrypted, ...plainFiles })
    git('add', '--all')
    const staged = { staged: true } as const
    const withKey = { root, env: { ...env, SOPS_AGE_KEY: secret } }
    const all = ofCodes(await auditIn(withKey), ...codes)
    assert.equal(ofCodes(await auditIn(withKey, staged), ...codes), all)
    git('commit', '--quiet', '--message', 'all')
    assert.equal((await auditIn({ root, env }, staged)).found, [])
  })
})

test('an object whose kind ends as that of a list is none without items', async () => {
  const text = 'apiVersion: example.com/v1\nkind: AllowList\nmetadata:\n  name: x\ndata:\n  a: x\n'
  const audited = await auditOf({ 'a.enc.yaml': encryptText(recipient, text) })
  assert.equal(ofCodes(audited, ...codes), [])
})

test.run()
