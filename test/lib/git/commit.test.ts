import { chmodSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { CommandError } from '../../../scripts/lib/errors.ts'
import { commitFiles, refuseUncommitted } from '../../../scripts/lib/git/commit.ts'
import { writeFiles } from '../../helpers/files.ts'
import { type TestRepository, withRepository } from '../../helpers/repository.ts'
import { thrown } from '../../helpers/thrown.ts'

const files = { 'a.yaml': 'a\n', 'b/b.yaml': 'b\n', '.gitignore': 'ignored*\n' }
const asItIs = (path: string) => path
const silent = () => {}

/** Makes the hook that git runs before each commit. */
function writeHook(root: string, script: string): void {
  const hook = '.git/hooks/pre-commit'
  writeFiles(root, { [hook]: `#!/bin/sh\n${script}\n` })
  chmodSync(join(root, hook), 0o755)
}

test('refuseUncommitted: changed, staged and new files, but only the named ones', () =>
  withRepository(files, async (repository) => {
    await refuseUncommitted(repository, ['a.yaml', 'b/b.yaml'], asItIs)
    writeFiles(repository.root, { 'a.yaml': 'mine\n', 'new.yaml': 'mine\n' })
    await refuseUncommitted(repository, ['b/b.yaml'], asItIs)
    await refuseUncommitted(repository, [], asItIs)
    repository.git('update-index', '--assume-unchanged', 'a.yaml')
    assert.match(
      (await thrown(refuseUncommitted(repository, ['a.yaml'], asItIs))).message,
      'cannot commit a.yaml: git is told to assume that it is unchanged',
    )
    repository.git('update-index', '--no-assume-unchanged', 'a.yaml')
    for (const file of ['a.yaml', 'new.yaml']) {
      const error = await thrown(refuseUncommitted(repository, ['b/b.yaml', file], (path) => `../${path}`))
      assert.match(error.message, `cannot commit ../${file}:`)
      assert.is(error.exitCode, 1)
    }
    repository.git('add', 'a.yaml')
    const staged = await thrown(refuseUncommitted(repository, ['a.yaml'], asItIs))
    assert.match(staged.message, 'cannot commit a.yaml:')
  }))

/** Changes of the user that are not for our commit: staged, not staged, half staged, new. */
function userAtWork({ root, git }: TestRepository): void {
  writeFiles(root, { 'staged.yaml': 'staged\n', 'half.yaml': 'one\n' })
  git('add', 'staged.yaml', 'half.yaml')
  writeFiles(root, { 'half.yaml': 'two\n', 'new.yaml': 'new\n' })
}

const statusOfUser = ['AM half.yaml', 'A  staged.yaml', '?? new.yaml']
const statusOf = ({ git }: TestRepository) =>
  git('status', '--porcelain', '--untracked-files=all').split('\n')

test('commitFiles: commits just these files, new and deleted ones too, and leaves the index alone', () =>
  withRepository({ ...files, 'gone.yaml': 'x\n' }, async (repository) => {
    const { root, git } = repository
    userAtWork(repository)
    writeFiles(root, { 'a.yaml': 'A\n', 'c/c.yaml': 'c\n' })
    rmSync(join(root, 'gone.yaml'))
    const commit = await commitFiles(repository, ['a.yaml', 'c/c.yaml', 'gone.yaml'], 'feat: it', silent)
    assert.is(git('rev-parse', 'HEAD'), commit)
    assert.is(git('log', '-1', '--format=%s %an'), 'feat: it Test')
    assert.is(git('show', '--format=', '--name-status'), 'M\ta.yaml\nA\tc/c.yaml\nD\tgone.yaml')
    assert.equal(statusOf(repository), statusOfUser)
    assert.is(git('show', ':half.yaml'), 'one')
  }))

test('commitFiles: the first commit of a repository', () =>
  withRepository({}, async (repository) => {
    repository.git('update-ref', '-d', 'HEAD')
    writeFiles(repository.root, { 'a.yaml': 'a\n' })
    assert.match(await commitFiles(repository, ['a.yaml'], 'feat: it', silent), /^[0-9a-f]{40}$/)
  }))

test('commitFiles: a hook that refuses is quoted, and the index is as before', () =>
  withRepository(files, async (repository) => {
    const { root, git } = repository
    userAtWork(repository)
    writeFiles(root, { 'c.yaml': 'c\n' })
    writeHook(root, 'echo "not today" >&2\nexit 1')
    const before = git('rev-parse', 'HEAD')
    const error = await thrown(commitFiles(repository, ['c.yaml'], 'feat: it', silent))
    assert.instance(error, CommandError)
    assert.match(error.message, 'not today')
    assert.is(error.exitCode, 2)
    assert.is(git('rev-parse', 'HEAD'), before)
    assert.equal(statusOf(repository), [...statusOfUser.slice(0, 2), '?? c.yaml', '?? new.yaml'])
  }))

const strays = 'taken out of the commit, for a hook had added it:'

for (const isFirst of [false, true]) {
  test(`commitFiles: what a hook adds is not in ${isFirst ? 'the first commit either' : 'the commit'}`, () =>
    withRepository({ ...files, 'gone.yaml': 'x\n' }, async (repository) => {
      const { root, git } = repository
      if (isFirst) {
        git('checkout', '--quiet', '--orphan', 'first')
        git('rm', '-r', '--quiet', '--cached', '.')
      }
      userAtWork(repository)
      const status = statusOf(repository)
      const changed = { 'a.yaml': 'A\n', 'c.yaml': 'unformatted\n' }
      writeFiles(root, changed)
      // it formats a file of ours as well, which stays so
      writeHook(root, 'echo formatted > c.yaml; git rm -q --cached gone.yaml; git add --all')
      const notes: string[] = []
      const names = ['a.yaml', 'c.yaml']
      const commit = await commitFiles(repository, names, 'feat: it', (line) => notes.push(line))
      assert.is(git('rev-parse', 'HEAD'), commit)
      assert.is(git('diff-tree', '--root', '-r', '--no-commit-id', '--name-only', 'HEAD'), names.join('\n'))
      assert.is(git('show', 'HEAD:c.yaml'), 'formatted')
      assert.is(git('rev-list', '--count', 'HEAD'), isFirst ? '1' : '2')
      assert.equal(notes.length, 1)
      for (const file of ['half.yaml', 'new.yaml', 'staged.yaml']) assert.match(notes[0]!, file)
      assert.ok(notes[0]!.startsWith(strays))
      // git itself keeps in the index what was there before the hook
      const ofUser = statusOf(repository).filter((line) => !line.endsWith(' c.yaml'))
      if (!isFirst) assert.equal(ofUser, status)
    }))
}

test('commitFiles: a file that cannot be added is refused, and the others are not in the index either', () =>
  withRepository(files, async (repository) => {
    writeFiles(repository.root, { 'c.yaml': 'c\n' })
    const error = await thrown(commitFiles(repository, ['c.yaml', 'gone.yaml'], 'feat: it', silent))
    assert.match(error.message, 'gone')
    assert.equal(statusOf(repository), ['?? c.yaml'])
  }))

test('commitFiles: what git is told to ignore is committed, for the caller has decided that', () =>
  withRepository(files, async (repository) => {
    const { root, git } = repository
    writeFiles(root, { 'c.yaml': 'c\n', '.git/info/exclude': '*.yaml\n' })
    await commitFiles(repository, ['c.yaml'], 'feat: it', silent)
    assert.is(git('show', '--name-only', '--format='), 'c.yaml')
  }))

test('commitFiles: without an identity git says so', () =>
  withRepository(files, async (repository) => {
    const { root, git } = repository
    git('config', '--unset', 'user.name')
    git('config', '--unset', 'user.email')
    git('config', 'user.useConfigOnly', 'true')
    writeFiles(root, { 'a.yaml': 'A\n' })
    assert.match(
      (await thrown(commitFiles(repository, ['a.yaml'], 'feat: it', silent))).message,
      /identity|user\.email/,
    )
    assert.equal(statusOf(repository), [' M a.yaml'])
  }))

test.run()
