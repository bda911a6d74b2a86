import { execFileSync } from 'node:child_process'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  fetchCommit,
  filesOfCommit,
  hasCommit,
  readBlobs,
  remotesOf,
  searchCommit,
} from '../../scripts/lib/git-objects.ts'
import { writeFiles } from '../helpers/files.ts'
import { withRepository } from '../helpers/repository.ts'

const files = {
  'a.yaml': 'a: ü\nENC[x\n',
  'b/ä b\n.yaml': '',
  'c.txt': 'no newline',
  'd.yaml': 'a: ü\nENC[x\n',
}

test('the files of a commit, whatever the working tree holds', () =>
  withRepository(files, async (repository) => {
    const { root, git } = repository
    symlinkSync('a.yaml', join(root, 'link.yaml'))
    git('add', '--all')
    git('commit', '--quiet', '--message', 'link')
    const commit = git('rev-parse', 'HEAD')
    writeFiles(root, { 'a.yaml': 'changed', 'new.yaml': 'new' })
    const found = await filesOfCommit(repository, commit)
    assert.equal([...found.keys()], Object.keys(files).toSorted())
    const texts = await readBlobs(repository, [...found.values()])
    for (const [file, text] of Object.entries(files)) assert.is(texts.get(found.get(file)!), text, file)
    assert.equal(await searchCommit(repository, commit, ['ENC[', 'no new']), ['a.yaml', 'c.txt', 'd.yaml'])
    assert.equal(await searchCommit(repository, commit, ['nothing has this']), [])
    assert.equal(await readBlobs(repository, []), new Map())
  }))

test('a commit that is missing is fetched, and nothing of the user moves', () =>
  withRepository(files, async (there) =>
    withRepository({ 'x.yaml': 'x' }, async (here) => {
      const commit = there.git('rev-parse', 'HEAD')
      here.git('remote', 'add', 'origin', there.root)
      here.git('remote', 'add', 'gone', join(there.root, 'nothing'))
      assert.equal(
        await remotesOf(here),
        new Map([
          ['origin', there.root],
          ['gone', join(there.root, 'nothing')],
        ]),
      )
      const before = here.git('for-each-ref')
      assert.not.ok(await hasCommit(here, commit))
      assert.not.ok(await fetchCommit(here, commit, ['gone']))
      assert.ok(await fetchCommit(here, commit, ['gone', 'origin']))
      assert.ok(await hasCommit(here, commit))
      assert.equal([...(await filesOfCommit(here, commit)).keys()], Object.keys(files).toSorted())
      assert.is(here.git('for-each-ref'), before)
      assert.is(here.git('rev-parse', '--is-shallow-repository'), 'false')
      assert.not.ok(await fetchCommit(here, 'a'.repeat(40), ['origin']))
      assert.throws(() => execFileSync('cat', [join(here.root, '.git/FETCH_HEAD')], { stdio: 'pipe' }))
    }),
  ))

test.run()
