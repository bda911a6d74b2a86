import { execFileSync } from 'node:child_process'
import { symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Interrupted } from '../../../scripts/lib/errors.ts'
import {
  fetchCommit,
  filesOfCommit,
  hasCommit,
  isShallow,
  listVersions,
  readBlobs,
  readManyBlobs,
  remotesOf,
  searchCommit,
} from '../../../scripts/lib/git/git-objects.ts'
import { writeFiles } from '../../helpers/files.ts'
import { type TestRepository, withRepository } from '../../helpers/repository.ts'
import { thrown } from '../../helpers/thrown.ts'

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

function commit({ root, git }: TestRepository, files: Readonly<Record<string, string>>): string {
  for (const [file, text] of Object.entries(files)) writeFileSync(join(root, file), text)
  git('add', '--all')
  git('commit', '--quiet', '--message', 'change')
  return git('rev-parse', 'HEAD')
}

test('every version of every file with its commit: other branches, merges, odd names', () =>
  withRepository({ 'a b\tc': 'one\n' }, async (repository) => {
    const { git } = repository
    const first = git('rev-parse', 'HEAD')
    git('switch', '--quiet', '--create', 'side')
    const side = commit(repository, { 'ä:b': 'side\n' })
    git('switch', '--quiet', 'main')
    const second = commit(repository, { 'a b\tc': 'two\n' })
    git('merge', '--quiet', '--no-commit', 'side')
    const merge = commit(repository, { 'in the merge': 'evil\n' })
    git('rm', '--quiet', 'ä:b')
    git('commit', '--quiet', '--message', 'gone')
    writeFileSync(join(repository.root, 'stashed'), 'not shared\n')
    git('stash', '--include-untracked', '--quiet')
    const versions = await listVersions(repository)
    assert.equal(
      new Set(versions.map(({ file, commit }) => `${file} ${commit}`)),
      new Set([`in the merge ${merge}`, `a b\tc ${second}`, `ä:b ${side}`, `a b\tc ${first}`]),
    )
    const texts: string[] = []
    const blobs = versions.map(({ blob }) => blob)
    await readManyBlobs(repository, blobs, async (text) => void texts.push(text))
    assert.equal(texts.sort(), ['evil\n', 'one\n', 'side\n', 'two\n'])
  }))

test('links are no files, what is too large is not read, and nothing is lost between the parts', () =>
  withRepository({ 'large.bin': 'x'.repeat(1024 * 1024 + 1) }, async (repository) => {
    const part = 'y'.repeat(1000 * 1000)
    commit(
      repository,
      Object.fromEntries(Array.from({ length: 35 }, (_, at) => [`${at}.txt`, `${at}\n${part}`])),
    )
    const blobs = (await listVersions(repository)).map(({ blob }) => blob)
    assert.is(blobs.length, 36)
    const seen: number[] = []
    await readManyBlobs(repository, blobs, async (text, _, done) => {
      assert.is(done, seen.length)
      seen.push(Number.parseInt(text, 10))
    })
    assert.equal(
      seen.sort((a, b) => a - b),
      Array.from({ length: 35 }, (_, at) => at),
    )
  }))

test('it ends when it is told to', () =>
  withRepository({ a: '1', b: '2', c: '3' }, async (repository) => {
    const controller = new AbortController()
    const { signal } = controller
    const blobs = (await listVersions(repository)).map(({ blob }) => blob)
    let seen = 0
    const error = await thrown(
      readManyBlobs({ ...repository, signal }, blobs, async () => {
        seen++
        controller.abort(new Interrupted('SIGINT'))
      }),
    )
    assert.instance(error, Interrupted)
    assert.is(seen, 1)
  }))

test('a repository without a commit has no history, and a shallow clone is known', () =>
  withRepository({ a: '1' }, async (repository) => {
    const { git, directory, env } = repository
    git('switch', '--quiet', '--orphan', 'empty')
    git('branch', '--quiet', '--delete', '--force', 'main')
    assert.equal(await listVersions(repository), [])
    assert.is(await isShallow(repository), false)
    commit(repository, { b: '1' })
    commit(repository, { b: '2' })
    const root = join(directory, 'clone')
    git('clone', '--quiet', '--depth=1', `file://${repository.root}`, root)
    assert.is(await isShallow({ root, env }), true)
  }))

test.run()
