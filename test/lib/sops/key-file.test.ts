import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { findKeyFileProblems } from '../../../scripts/lib/sops/key-file.ts'
import { writeFiles } from '../../helpers/files.ts'
import { withRepository } from '../../helpers/repository.ts'

test('a key file that git has or could get, and one that others can read', () =>
  withRepository({ 'tracked.txt': 'x', '.gitignore': 'ignored.txt\n' }, async (repository) => {
    const { root, directory } = repository
    writeFiles(root, { 'new.txt': 'x', 'ignored.txt': 'x' })
    writeFiles(directory, { 'outside.txt': 'x' })
    const problems = async (file: string, mode: number) => {
      chmodSync(join(root, file), mode)
      return findKeyFileProblems(join(root, file), repository)
    }
    assert.equal(await problems('tracked.txt', 0o600), ['tracked'])
    assert.equal(await problems('new.txt', 0o600), ['not-ignored'])
    assert.equal(await problems('new.txt', 0o640), ['not-ignored', 'readable-by-others'])
    assert.equal(await problems('ignored.txt', 0o600), [])
    assert.equal(await problems('ignored.txt', 0o604), ['readable-by-others'])
    assert.equal(await problems('../outside.txt', 0o600), [])
    assert.equal(await findKeyFileProblems(join(root, 'new.txt'), undefined), ['readable-by-others'])
  }))

test.run()
