import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { driftOf } from '../../../../scripts/sops/rotate/state/drift.ts'
import { auditIn, ofCodes } from '../../../helpers/audit.ts'
import { makeKey, sopsConfig } from '../../../helpers/keys.ts'
import { withRepository } from '../../../helpers/repository.ts'
import { placesIn, rotatedTexts } from '../../../helpers/rotate/rotation.ts'

test('a file that its rule does not fit, as sops:audit says it', () => {
  const [old, next] = [makeKey(), makeKey()]
  const { oldOnly, both, newOnly, neither } = rotatedTexts(old, next)
  return withRepository(
    {
      '.sops.yaml': sopsConfig(next.recipient),
      'good.enc.yaml': newOnly,
      'late.enc.yaml': oldOnly,
      'open.enc.yaml': both,
      'sub/.sops.yaml': sopsConfig(old.recipient, next.recipient),
      'sub/half.enc.yaml': oldOnly,
      'unruled.yaml': neither,
    },
    async (repository) => {
      const found = await driftOf(await placesIn(repository), repository)
      const shown = found.map(({ file, line, code }) => `${file}:${line} ${code}`)
      assert.equal(shown, [
        'late.enc.yaml:8 recipient-missing',
        'late.enc.yaml:18 recipient-left',
        'open.enc.yaml:18 recipient-left',
        'sub/half.enc.yaml:8 recipient-missing',
        'unruled.yaml:18 recipient-unknown',
      ])
      const audited = await auditIn(repository)
      assert.equal(
        ofCodes(audited, 'recipient-left', 'recipient-missing', 'recipient-unknown').toSorted(),
        shown.toSorted(),
      )
    },
  )
})

test.run()
