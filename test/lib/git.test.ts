import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { which } from 'zx/core'
import { CommandError } from '../../scripts/lib/errors.ts'
import {
  commitFiles,
  findRepositoryRoot,
  listFiles,
  openRepository,
  refuseUncommitted,
  repositoryRoot,
} from '../../scripts/lib/git.ts'
import { withDirectory, writeFiles } from '../helpers/files.ts'
import { type TestRepository, withRepository } from '../helpers/repository.ts'
import { thrown } from '../helpers/thrown.ts'
import { userEnvironment } from '../helpers/user.ts'

const files = { 'a.yaml': 'a\n', 'b/b.yaml': 'b\n', '.gitignore': 'ignored*\n' }

test('repositoryRoot: from everywhere in the repository, and an error outside', () =>
  withRepository(files, async ({ root, env, directory }) => {
    assert.is(await repositoryRoot(join(root, 'b'), env), root)
    symlinkSync(root, join(directory, 'link'))
    assert.is(await repositoryRoot(join(directory, 'link/b'), env), root)
    assert.is(await findRepositoryRoot(directory, env), undefined)
    const error = await thrown(repositoryRoot(directory, env))
    assert.is(error.exitCode, 2)
    assert.ok(error.hint)
  }))

test('listFiles: tracked and new files, not deleted or ignored ones, whatever their names', () =>
  withRepository({ ...files, 'gone.yaml': 'x', '*.yaml': 'x', 'ä b\n.yaml': 'x' }, async (repository) => {
    writeFiles(repository.root, { 'new/n.yaml': 'n', ignored: 'i', 'b/ignored.yaml': 'i' })
    repository.git('update-index', '--force-remove', 'a.yaml')
    symlinkSync('a.yaml', join(repository.root, 'link.yaml'))
    const all = [
      '*.yaml',
      '.gitignore',
      'a.yaml',
      'b/b.yaml',
      'gone.yaml',
      'link.yaml',
      'new/n.yaml',
      'ä b\n.yaml',
    ]
    assert.equal((await listFiles(repository)).sort(), all)
    rmSync(join(repository.root, 'gone.yaml'))
    assert.not((await listFiles(repository)).includes('gone.yaml'))
    rmSync(join(repository.root, 'b'), { recursive: true })
    writeFiles(repository.root, { b: 'a file by now' })
    assert.not((await listFiles(repository)).includes('b/b.yaml'))
    rmSync(join(repository.root, 'b'))
    writeFiles(repository.root, { 'b/b.yaml': 'b' })
    assert.equal(await listFiles(repository, ['*.yaml', 'b', 'nothing']), ['*.yaml', 'b/b.yaml'])
  }))

test('openRepository: its root and all that git lists, from everywhere in it; outside it says why', () =>
  withRepository({ ...files, 'gone.yaml': 'x', 'c\n/ä.yaml': 'x' }, async (repository) => {
    const { root, env, directory } = repository
    writeFiles(root, { 'new.yaml': 'n', ignored: 'i' })
    rmSync(join(root, 'gone.yaml'))
    for (const cwd of [root, join(root, 'b'), join(root, 'c\n')]) {
      const opened = await openRepository(cwd, { env, signal: undefined })
      assert.is(opened.repository.root, root)
      const names = ['.gitignore', 'a.yaml', 'b/b.yaml', 'c\n/ä.yaml', 'gone.yaml', 'new.yaml']
      assert.equal(opened.names.toSorted(), names)
    }
    const odd = { ...env, GIT_LITERAL_PATHSPECS: '1', 'BASH_FUNC_git%%': '() { echo "mine"; }' }
    assert.is((await openRepository(root, { env: odd, signal: undefined })).names.length, 6)
    const { message } = await thrown(repositoryRoot(directory, env))
    assert.is((await thrown(openRepository(directory, { env, signal: undefined }))).message, message)
    writeFiles(root, { '.git/index': 'broken' })
    const error = await thrown(openRepository(root, { env, signal: undefined }))
    assert.match(error.message, /^git ls-files failed \(exit 128\): /)
    const bare = { ...env, PATH: join(directory, 'bin') }
    mkdirSync(bare.PATH)
    symlinkSync(which.sync('bash'), join(bare.PATH, 'bash'))
    assert.is(
      (await thrown(openRepository(root, { env: bare, signal: undefined }))).message,
      'git is not on PATH',
    )
  }))

test('refuseUncommitted: changed, staged and new files, but only the named ones', () =>
  withRepository(files, async (repository) => {
    await refuseUncommitted(repository, ['a.yaml', 'b/b.yaml'])
    writeFiles(repository.root, { 'a.yaml': 'mine\n', 'new.yaml': 'mine\n' })
    await refuseUncommitted(repository, ['b/b.yaml'])
    await refuseUncommitted(repository, [])
    repository.git('update-index', '--assume-unchanged', 'a.yaml')
    assert.match(
      (await thrown(refuseUncommitted(repository, ['a.yaml']))).message,
      'cannot commit a.yaml: git is told to assume that it is unchanged',
    )
    repository.git('update-index', '--no-assume-unchanged', 'a.yaml')
    for (const file of ['a.yaml', 'new.yaml']) {
      const error = await thrown(refuseUncommitted(repository, ['b/b.yaml', file], (path) => `../${path}`))
      assert.match(error.message, `cannot commit ../${file}:`)
      assert.is(error.exitCode, 1)
    }
    repository.git('add', 'a.yaml')
    await thrown(refuseUncommitted(repository, ['a.yaml']))
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
    const commit = await commitFiles(repository, ['a.yaml', 'c/c.yaml', 'gone.yaml'], 'feat: it')
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
    assert.match(await commitFiles(repository, ['a.yaml'], 'feat: it'), /^[0-9a-f]{40}$/)
  }))

test('commitFiles: a hook that refuses is quoted, and the index is as before', () =>
  withRepository(files, async (repository) => {
    const { root, git } = repository
    userAtWork(repository)
    mkdirSync(join(root, '.git/hooks'), { recursive: true })
    writeFiles(root, {
      '.git/hooks/pre-commit': '#!/bin/sh\necho "not today" >&2\nexit 1\n',
      'c.yaml': 'c\n',
    })
    chmodSync(join(root, '.git/hooks/pre-commit'), 0o755)
    const before = git('rev-parse', 'HEAD')
    const error = await thrown(commitFiles(repository, ['c.yaml'], 'feat: it'))
    assert.instance(error, CommandError)
    assert.match(error.message, 'not today')
    assert.is(error.exitCode, 2)
    assert.is(git('rev-parse', 'HEAD'), before)
    assert.equal(statusOf(repository), [...statusOfUser.slice(0, 2), '?? c.yaml', '?? new.yaml'])
  }))

test('commitFiles: a file that git ignores is refused, and the others are not in the index either', () =>
  withRepository(files, async (repository) => {
    writeFiles(repository.root, { 'c.yaml': 'c\n', 'ignored.yaml': 'i\n' })
    const error = await thrown(commitFiles(repository, ['c.yaml', 'ignored.yaml'], 'feat: it'))
    assert.match(error.message, 'ignored')
    assert.equal(statusOf(repository), ['?? c.yaml'])
  }))

test('commitFiles: without an identity git says so', () =>
  withRepository(files, async (repository) => {
    const { root, git } = repository
    git('config', '--unset', 'user.name')
    git('config', '--unset', 'user.email')
    git('config', 'user.useConfigOnly', 'true')
    writeFiles(root, { 'a.yaml': 'A\n' })
    assert.match(
      (await thrown(commitFiles(repository, ['a.yaml'], 'feat: it'))).message,
      /identity|user\.email/,
    )
    assert.equal(statusOf(repository), [' M a.yaml'])
  }))

test('findRepositoryRoot: none in a bare repository', () =>
  withDirectory(async (directory) => {
    const env = userEnvironment(directory)
    execFileSync('git', ['init', '--quiet', '--bare', directory], { env })
    assert.is(await findRepositoryRoot(directory, env), undefined)
  }))

test.run()
