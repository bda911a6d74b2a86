import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { severityOf } from '../../../scripts/findings/finding.ts'
import { builtFileCases } from '../../helpers/doctor/built-files.ts'
import { encryptedFileCases, planted } from '../../helpers/doctor/encrypted-files.ts'
import { type DiagnosedCase, diagnosedCases } from '../../helpers/flux/diagnose-cases.ts'
import { key } from '../../helpers/flux/encrypted-objects.ts'
import { withCases } from '../../helpers/flux/run-cases.ts'

const cases = [...encryptedFileCases, ...builtFileCases].map((one) => {
  const files = one.files(one.name)
  const block = `  decryption: {provider: sops, secretRef: {name: ${one.name}}}\n`
  return {
    ...one,
    files: () => files,
    keys: { 'age.agekey': key.text },
    spec: `${one.noDecryption ? '' : block}${one.spec ?? ''}`,
  }
})

type Diagnosed = Map<string, DiagnosedCase>
let running: Promise<{ without: Diagnosed; withKey: Diagnosed }> | undefined

/** What the doctor says of all cases, without a key and with the one that opens the files. */
function diagnosed() {
  running ??= withCases(cases, async (flux) => {
    // what counts is the commit that Flux has
    for (const { name, files } of cases)
      for (const path of Object.keys(files()))
        writeFileSync(join(flux.clone, name, path), 'changed since, and not committed\n')
    return {
      without: await diagnosedCases(flux, cases),
      withKey: await diagnosedCases(flux, cases, { identities: [key] }),
    }
  })
  return running
}

/** The headline of a case; what is only to be known is none. */
function wrongIn(one: DiagnosedCase | undefined) {
  const headline = one?.headline
  return headline && severityOf(headline) !== 'note' ? headline : undefined
}

for (const { name, files, code, withKey = code, file = 's.yaml', line, lineWithKey, message } of cases)
  test(`${name}: ${code ?? 'nothing'}`, async () => {
    const all = await diagnosed()
    const { message: said = '' } = all.without.get(name) ?? {}
    const headline = wrongIn(all.without.get(name))
    const known = wrongIn(all.withKey.get(name))
    assert.is(headline?.code, code, JSON.stringify(headline))
    assert.is(known?.code, withKey, 'with the key')
    if (message) assert.match(said, message)
    for (const [found, text] of [
      [headline, line],
      [known, lineWithKey],
    ] as const) {
      if (text === undefined) continue
      assert.is(found?.file, `${name}/${file}`, said)
      assert.match(`${files()[file]?.split('\n')[(found?.line ?? 0) - 1]}`, text)
    }
  })

test('no finding has a value', async () => {
  const { without, withKey } = await diagnosed()
  for (const [name, { diagnoses, message, fix }] of [...without, ...withKey]) {
    const text = JSON.stringify({ diagnoses, message, fix })
    for (const value of planted) assert.not.match(text, value, name)
  }
})

test.run()
