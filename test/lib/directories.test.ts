import { existsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { makeDirectory } from '../../scripts/lib/directories.ts'
import { makeOnce } from '../../scripts/sandbox/cache-directory.ts'
import { withDirectory } from '../helpers/files.ts'
import { withFixtureTask } from '../helpers/task-fixture.ts'
import { thrown } from '../helpers/thrown.ts'

/** Linux says ENOENT there, although the directory above exists. */
const impossible = '/proc/nope'

test('makeDirectory: with all above it, and says which it has made', () =>
  withDirectory(async (directory) => {
    const made: string[] = []
    makeDirectory(join(directory, 'a', 'b'), made)
    makeDirectory(join(directory, 'a'), made)
    assert.equal(made, [join(directory, 'a'), join(directory, 'a', 'b')])
    assert.ok(statSync(join(directory, 'a', 'b')).isDirectory())
  }))

test('makeDirectory: ends where it cannot be made', () =>
  withDirectory(async (directory) => {
    writeFileSync(join(directory, 'file'), '')
    for (const parent of [impossible, join(directory, 'file'), '/dev/null'])
      assert.throws(() => makeDirectory(join(parent, 'a', 'b')), /ENOENT|ENOTDIR|EEXIST/)
    assert.not.ok(existsSync(impossible))
  }))

test('a home in which nothing can be made: a task runs, and what needs a cache says so', () =>
  withFixtureTask([], `return { exitCode: 0, lines: ['works'], json: {} }`, async (task) => {
    for (const more of [{ HOME: impossible }, { XDG_CACHE_HOME: join(impossible, 'cache') }]) {
      const env = { ...more, NODE_COMPILE_CACHE: undefined }
      assert.equal(await task.run([], { env }), { code: 0, stdout: 'works\n', stderr: '' })
    }
    const error = await thrown(makeOnce(join(impossible, 'a', 'b'), async () => {}))
    assert.is(error.message, 'cannot make the directory /proc/nope/a: ENOENT')
    assert.match(error.hint!, 'XDG_CACHE_HOME')
  }))

test.run()
