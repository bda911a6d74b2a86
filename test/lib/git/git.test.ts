import { execFileSync } from 'node:child_process'
import { mkdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  findRepositoryRoot,
  listFiles,
  listShared,
  openRepository,
  plainUrl,
  repositoryRoot,
} from '../../../scripts/lib/git/git.ts'
import { withDirectory, writeFiles } from '../../helpers/files.ts'
import { withRepository } from '../../helpers/repository.ts'
import { thrown } from '../../helpers/thrown.ts'
import { userEnvironment } from '../../helpers/user.ts'

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
    assert.equal((await listFiles(repository, ['.'])).sort(), all)
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
    assert.is(
      (await thrown(openRepository(root, { env: bare, signal: undefined }))).message,
      'git is not on PATH',
    )
  }))

test('listShared: what a .gitignore says counts, and not what this user has told git besides', () =>
  withRepository(
    { '.gitignore': '*.tmp\n', 'a/.gitignore': 'x.yaml\n', 'a/t.yaml': '' },
    async (repository) => {
      const { root, env, git } = repository
      writeFiles(env.HOME!, { '.config/git/ignore': 'mine.yaml\n' })
      git('config', 'core.excludesFile', join(env.HOME!, '.config/git/ignore'))
      const names = ['a/mine.yaml', 'a/excluded.yaml', 'a/x.yaml', 'a/y.tmp', 'a/t.yaml', 'a/[b]/c.yaml']
      writeFiles(root, {
        ...Object.fromEntries(names.map((name) => [name, ''])),
        '.git/info/exclude': 'excluded.yaml\na/t.yaml\n',
      })
      const shared = ['a/[b]/c.yaml', 'a/excluded.yaml', 'a/mine.yaml', 'a/t.yaml']
      assert.equal((await listShared(repository, names)).toSorted(), shared)
      assert.equal((await listShared(repository, ['a'])).toSorted(), ['a/.gitignore', ...shared].toSorted())
      assert.equal((await listFiles(repository, names)).toSorted(), ['a/[b]/c.yaml', 'a/t.yaml'])
    },
  ))

test('findRepositoryRoot: none in a bare repository, but in a clone of it', () =>
  withDirectory(async (parent) => {
    const directory = realpathSync(parent)
    const env = userEnvironment(directory)
    const [bare, clone] = [join(directory, 'bare'), join(directory, 'clone')]
    execFileSync('git', ['init', '--quiet', '--bare', bare], { env })
    assert.is(await findRepositoryRoot(bare, env), undefined)
    execFileSync('git', ['clone', '--quiet', bare, clone], { env, stdio: 'pipe' })
    assert.is(await findRepositoryRoot(clone, env), clone)
  }))

test('plainUrl: one repository has one name', () => {
  for (const url of [
    'https://github.com/team/fleet',
    'https://user:token@GitHub.com/team/fleet.git',
    'ssh://git@github.com/team/fleet',
    'ssh://git@github.com:22/team/fleet.git',
    'git@github.com:team/fleet.git',
    'github.com:team/fleet/',
  ])
    assert.is(plainUrl(url), 'github.com/team/fleet', url)
  assert.is.not(plainUrl('https://github.com/team/other'), 'github.com/team/fleet')
  assert.is(plainUrl('/srv/git/fleet.git'), '/srv/git/fleet.git')
})

test.run()
