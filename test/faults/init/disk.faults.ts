import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { withInit } from '../../helpers/init.ts'
import { fill, withDisk } from '../disk.ts'

test('sops:init on a disk that is full makes nothing, and all of it afterwards', () =>
  withInit({ '.gitignore': 'a\n' }, ({ root, files, init }) =>
    withDisk(root, async () => {
      const free = fill(root)
      const full = await init()
      assert.is(full.code, 2)
      assert.match(full.stderr, 'ENOSPC')
      free()
      assert.equal(files(), ['.gitignore'])
      assert.is(readFileSync(`${root}/.gitignore`, 'utf8'), 'a\n')
      assert.is((await init()).code, 0)
      assert.equal(files(), ['.age-key.txt', '.gitignore', '.sops.yaml'])
    }),
  ))

test('sops:init in a repository that is read-only makes nothing', () =>
  withInit({ '.gitignore': 'a\n' }, ({ root, init }) =>
    withDisk(root, async () => {
      const before = readdirSync(root)
      execFileSync('mount', ['-o', 'remount,ro', root])
      const { code, stderr } = await init()
      assert.is(code, 2)
      assert.match(stderr, 'EROFS')
      assert.equal(readdirSync(root), before)
    }),
  ))

test.run()
