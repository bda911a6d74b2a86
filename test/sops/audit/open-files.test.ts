import { setImmediate } from 'node:timers'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openFiles } from '../../../scripts/sops/audit/open-files.ts'
import { readSubject } from '../../../scripts/sops/audit/read-subject.ts'
import { usualOptions } from '../../helpers/audit.ts'
import { silentCaller } from '../../helpers/caller.ts'
import { encryptSecret, makeKey } from '../../helpers/keys.ts'
import { withRepository } from '../../helpers/repository.ts'

const { recipient, text: key } = makeKey()
const encrypted = encryptSecret(recipient)

test('it ends between two files when it is told to', () => {
  const names = Array.from({ length: 200 }, (_, index) => `${index}.enc.yaml`)
  const files = Object.fromEntries(names.map((name) => [name, encrypted]))
  return withRepository({ ...files, '.age-key.txt': key }, async ({ root, env }) => {
    const abort = new AbortController()
    const reason = new Error('told to')
    const caller = { ...silentCaller(root, env), signal: abort.signal }
    const subject = await readSubject({ ...usualOptions, caller })
    let seen = 0
    const check = () => {
      // as a signal of the system comes
      if (seen++ === 0) setImmediate(() => abort.abort(reason))
      return []
    }
    await openFiles(subject, [check]).then(
      () => assert.unreachable(),
      (error) => assert.is(error, reason),
    )
    assert.ok(seen > 0 && seen < names.length / 2, `${seen}`)
  })
})

test.run()
