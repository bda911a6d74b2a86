import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { makeKey } from '../../helpers/keys.ts'
import { thrown } from '../../helpers/thrown.ts'
import { withKeyPlace } from '../../sops/rotate/key/place.ts'
import { fill, withDisk } from '../disk.ts'

const key = makeKey()
const old = key.recipient

for (const [name, code, prevent] of [
  ['full', 'ENOSPC', fill],
  [
    'read-only',
    'EROFS',
    (root: string) => {
      execFileSync('mount', ['-o', 'remount,ro', root])
      return () => execFileSync('mount', ['-o', 'remount,rw', root])
    },
  ],
] as const)
  test(`a key file on a disk that is ${name} stays as it was, and gets the new identity afterwards`, () =>
    withKeyPlace(({ root, next, write, read }) =>
      withDisk(root, async () => {
        write('age.key', key.text)
        const free = prevent(root)
        const names = readdirSync(root, { recursive: true })
        const made = await next({ old })
        assert.match((await thrown(made.keep())).message, code)
        assert.is(read('age.key'), key.text)
        assert.equal(readdirSync(root, { recursive: true }), names)
        free()
        const later = await next({ old })
        assert.ok(later.isNew)
        await later.keep()
        assert.match(read('age.key'), later.identity.recipient)
      }),
    ))

test.run()
