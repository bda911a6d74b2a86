import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { compareFiles } from '../../../helpers/sops/compare.ts'
import { damages } from '../../../helpers/sops/damages.ts'

const seed = Number(process.env.FLUX_SOPS_SEED) || 1

for (const part of [0, 1])
  test(`600 generated files, ${part + 1}: the same values and the same verdict as sops`, async () => {
    const { encrypted, verdicts, faults, damaged, otherComments, differences } = await compareFiles(
      600,
      seed + part,
    )
    assert.equal(
      differences.map(({ what }) => what),
      [],
    )
    assert.ok(encrypted > 570, `sops encrypted ${encrypted}`)
    // the reader would be right about everything if it left all to sops
    const of = (name: string) => verdicts[name] ?? 0
    assert.ok(of('decrypts (intact)') > 5 * of('needs-sops (intact)'), JSON.stringify(verdicts))
    assert.ok(of('decrypts') > 120 && of('fails') > 150 && of('needs-sops') < 180, JSON.stringify(verdicts))
    assert.ok(otherComments < 3, `${otherComments} with other comments`)
    for (const code of [
      'value-plain',
      'value-moved',
      'value-broken',
      'mac-missing',
      'mac-mismatch',
      'stanza-damaged',
    ])
      assert.ok((faults[code] ?? 0) > 0, `no ${code}`)
    assert.ok(damaged.size > Object.keys(damages).length / 2, `only ${[...damaged].join(', ')} did something`)
  })

test.run()
