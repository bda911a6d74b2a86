import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { makeReader } from '../../../scripts/lib/repository/reader.ts'
import { withDirectory, writeFiles } from '../../helpers/files.ts'
import { thrown } from '../../helpers/thrown.ts'

test('makeReader: files of every size, one after the other', () =>
  withDirectory(async (root) => {
    const read = makeReader(root)
    const sizes = [0, 1, 2 ** 16 - 1, 2 ** 16, 2 ** 16 + 1, 5, 2 ** 20, 3]
    for (const size of sizes) {
      const text = 'ä'.repeat(size / 2).padEnd(size - Math.floor(size / 2), 'x')
      writeFiles(root, { [`d/${size}`]: text })
      assert.is(read(`d/${size}`)?.toString(), text, `${size}`)
    }
    for (const size of sizes) assert.is(read(`d/${size}`)?.length, size)
  }))

test('makeReader: nothing for what is no file, and an error for what must not be read', () =>
  withDirectory(async (root) => {
    const read = makeReader(root)
    mkdirSync(join(root, 'directory'))
    symlinkSync('directory', join(root, 'link'))
    symlinkSync('nothing', join(root, 'broken'))
    for (const file of ['directory', 'link', 'broken', 'gone']) assert.is(read(file), undefined)
    writeFiles(root, { 'was/directory': 'x' })
    symlinkSync('loop', join(root, 'loop'))
    execFileSync('mkfifo', [join(root, 'pipe')])
    for (const file of ['loop', 'was/directory/file']) assert.is(read(file), undefined)
    assert.is(read('pipe')?.length, 0)
    const long = 'x'.repeat(300)
    const error = await thrown((async () => read(long))())
    assert.is(error.message, `cannot read ${long}: ENAMETOOLONG`)
  }))

test.run()
