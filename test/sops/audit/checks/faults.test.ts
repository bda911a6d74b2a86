import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { auditOf, ofCodes } from '../../../helpers/audit.ts'
import { encryptSecret, makeKey } from '../../../helpers/keys.ts'

const { recipient } = makeKey()

test('an unfinished merge is found with its line', async () => {
  const text = encryptSecret(recipient)
  const conflict = text.replace('stringData:', '<<<<<<< ours\nstringData:\n=======\nother:\n>>>>>>> theirs')
  const audited = await auditOf({ 'a.enc.yaml': conflict, 'b.enc.yaml': text })
  assert.equal(ofCodes(audited, 'merge-conflict'), ['a.enc.yaml:6 merge-conflict'])
})

test.run()
