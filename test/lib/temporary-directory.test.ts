import { mkdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ownerId } from '../../scripts/lib/owner.ts'
import {
  abandonedDirectories,
  isAbandoned,
  temporaryDirectory,
} from '../../scripts/lib/temporary-directory.ts'
import { withDirectory } from '../helpers/files.ts'

/** No process has it: it is above the highest that Linux gives. */
const nobody = 2 ** 22 + 1

test('a directory is private, of its own, and says who made it', () =>
  withDirectory(async (parent) => {
    const made = [temporaryDirectory('x', parent), temporaryDirectory('x', parent)]
    assert.is.not(made[0], made[1])
    assert.is(statSync(made[0]!).mode & 0o777, 0o700)
    assert.not.ok(isAbandoned(made[0]!, 'x'))
    assert.match(made[0]!, `x-${ownerId()}-`)
  }))

test('those of a process that has ended are abandoned, under their name', () =>
  withDirectory(async (parent) => {
    for (const name of ['a-b', 'a', 'b']) mkdirSync(join(parent, `${name}-${ownerId(nobody)}-x1`))
    mkdirSync(join(parent, `a-b-${ownerId()}-x2`))
    assert.equal(abandonedDirectories('a-b', parent), [join(parent, `a-b-${ownerId(nobody)}-x1`)])
  }))

test('a parent that is not there: an error that says what to do', () =>
  withDirectory(async (parent) => {
    rmSync(parent, { recursive: true })
    assert.throws(
      () => temporaryDirectory('x', parent),
      (error: Error & { hint?: string }) => /ENOENT$/.test(error.message) && /TMPDIR/.test(error.hint ?? ''),
    )
  }))

test.run()
