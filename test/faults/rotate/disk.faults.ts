import { execFileSync } from 'node:child_process'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { withRotatePlace } from '../../helpers/rotate/task-place.ts'
import { fill, withDisk } from '../disk.ts'

const hindrances = {
  full: ['ENOSPC|Out of diskspace|No space|no space', fill],
  'read-only': [
    'EROFS|Read-only|read-only',
    (root: string) => {
      execFileSync('mount', ['-o', 'remount,ro', root])
      return () => execFileSync('mount', ['-o', 'remount,rw', root])
    },
  ],
} as const

for (const [name, [said, prevent]] of Object.entries(hindrances))
  test(`a repository on a disk that is ${name}: nothing is changed in any stage, and it ends afterwards`, () =>
    withRotatePlace(async ({ root, git, ended, read }) => {
      await withDisk(root, async () => {
        for (let stage = 0; stage < 2; stage++) {
          const [head, key] = [git('rev-parse', 'HEAD'), read('age.key')]
          for (const args of [[], ['--commit']]) {
            const free = prevent(root)
            const { stderr, code } = await ended(2, args).finally(free)
            assert.match(stderr, new RegExp(said), `${code} ${stderr}`)
            assert.is(git('status', '--porcelain'), '')
            assert.is(git('rev-parse', 'HEAD'), head)
            assert.is(read('age.key'), key)
          }
          await ended(0, ['--commit'])
          git('push', '--quiet')
        }
        assert.match((await ended(0)).stdout, 'no rotation is open: the last one')
      })
    }))

test('a disk for temporary files that is full: nothing is changed', () =>
  withRotatePlace(async ({ git, ended, temporary, read }) => {
    await withDisk(temporary, async () => {
      for (let stage = 0; stage < 2; stage++) {
        const key = read('age.key')
        const free = fill(temporary)
        const { stderr } = await ended(2, ['--commit']).finally(free)
        assert.match(stderr, /ENOSPC|no space/, stderr)
        assert.is(git('status', '--porcelain'), '')
        assert.is(read('age.key'), key)
        await ended(0, ['--commit'])
        git('push', '--quiet')
      }
    })
  }))

test.run()
