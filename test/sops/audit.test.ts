import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { auditOf } from '../helpers/audit.ts'

test('an empty repository has nothing wrong', async () => {
  assert.equal((await auditOf({})).found, [])
})

test.run()
