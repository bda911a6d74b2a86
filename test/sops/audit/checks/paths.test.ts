import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { valuesFindings } from '../../../../scripts/findings/catalogue/values.ts'
import { assertNoValue, auditIn, ofCodes } from '../../../helpers/audit.ts'
import { plantedValues } from '../../../helpers/flux/refused-objects.ts'
import { pathCases, pathFiles } from '../../../helpers/flux/refused-paths.ts'
import { makeKey } from '../../../helpers/keys.ts'
import { withRepository } from '../../../helpers/repository.ts'

test('each path has the findings that it should have, in its line', async () => {
  const key = makeKey()
  const expected = Object.entries(pathCases).flatMap(([name, { files, findings }]) =>
    findings.map((found) => {
      const [code, line] = found.split(':')
      return `${[`cases/${name}/${Object.keys(files)[0]}`, line].filter(Boolean).join(':')} ${code}`
    }),
  )
  await withRepository(pathFiles(key), async ({ root, env }) => {
    const audited = await auditIn({ root, env: { ...env, SOPS_AGE_KEY: key.secret } })
    assert.equal(ofCodes(audited, ...Object.keys(valuesFindings)), expected.toSorted())
    assertNoValue(audited, plantedValues)
  })
})

test.run()
