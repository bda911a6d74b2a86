import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { markFindings } from '../../../scripts/findings/fingerprint.ts'
import { asGithub } from '../../../scripts/findings/render/github.ts'
import { asJson } from '../../../scripts/findings/render/json.ts'
import { asSarif } from '../../../scripts/findings/render/sarif.ts'
import { asText } from '../../../scripts/findings/render/text.ts'
import { manyConflicts } from '../../helpers/audit.ts'

test('10,000 findings are printed in less than a second of processor time, in each format', () => {
  const many = markFindings(manyConflicts(10_000))
  const formats = {
    text: () => asText(many, (file) => file),
    github: () => asGithub(many),
    json: () => JSON.stringify(many.map(asJson), null, 2),
    sarif: () => JSON.stringify(asSarif(many), null, 2),
  }
  for (const [name, print] of Object.entries(formats)) {
    const before = process.cpuUsage()
    assert.ok(print().length >= 10_000, name)
    const { user, system } = process.cpuUsage(before)
    assert.ok(user + system < 1_000_000, name)
  }
})

test.run()
