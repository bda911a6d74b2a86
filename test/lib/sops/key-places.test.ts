import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { keyPlaces } from '../../../scripts/lib/sops/key-places.ts'
import { writeFiles } from '../../helpers/files.ts'
import { type TestRepository, withRepository } from '../../helpers/repository.ts'
import { thrown } from '../../helpers/thrown.ts'

const { signal } = new AbortController()

const placesFrom = ({ root, env }: TestRepository, cwd: string, more: NodeJS.ProcessEnv = {}) =>
  keyPlaces({ keyFile: undefined, cwd, root, env: { ...env, ...more }, signal })
const sources = (places: { source: string }[]) => places.map(({ source }) => source)

test('all places that have a key, in the order in which they count', () =>
  withRepository({}, async (repository) => {
    const { root, env } = repository
    writeFiles(root, { '.age-key.txt': 'root', 'apps/one/.age-key.txt': 'sub' })
    writeFiles(env.HOME!, { '.config/sops/age/keys.txt': 'default' })
    const places = placesFrom(repository, join(root, 'apps/one'), {
      SOPS_AGE_KEY_FILE: '../stale.txt',
      SOPS_AGE_KEY: 'AGE-SECRET-KEY-1A AGE-SECRET-KEY-1B',
    })
    assert.equal(sources(places), [
      `SOPS_AGE_KEY_FILE (${join(root, 'apps/stale.txt')})`,
      'SOPS_AGE_KEY',
      '.age-key.txt',
      join(root, '.age-key.txt'),
      join(env.HOME!, '.config/sops/age/keys.txt'),
    ])
    assert.is(await places[1]!.read(), 'AGE-SECRET-KEY-1A\nAGE-SECRET-KEY-1B')
    assert.is(await places[2]!.read(), 'sub')
    assert.is(places[3]!.file, join(root, '.age-key.txt'))
    assert.match(
      (await thrown(places[0]!.read())).message,
      /stale\.txt that SOPS_AGE_KEY_FILE names: there is no/,
    )
  }))

test('the key of the main working tree serves a worktree', () =>
  withRepository({ 'a.yaml': 'a' }, async (repository) => {
    const { root, directory, git } = repository
    writeFiles(root, { '.age-key.txt': 'main' })
    const worktree = join(directory, 'worktree')
    git('worktree', 'add', '--quiet', worktree)
    mkdirSync(join(worktree, 'apps'))
    const places = placesFrom({ ...repository, root: worktree }, join(worktree, 'apps'))
    assert.equal(sources(places), [`${join(root, '.age-key.txt')} (of the main working tree)`])
    writeFileSync(join(worktree, '.age-key.txt'), 'own')
    assert.is(await placesFrom({ ...repository, root: worktree }, worktree)[0]!.read(), 'own')
  }))

test('age.key is a key file too: the nearest one counts, and in one directory ours', () =>
  withRepository({}, async (repository) => {
    const { root } = repository
    writeFiles(root, { '.age-key.txt': 'root', 'one/age.key': 'one', 'one/two/age.key': 'two' })
    writeFiles(root, { 'one/two/.age-key.txt': 'ours' })
    assert.equal(sources(placesFrom(repository, join(root, 'one/two'))), [
      '.age-key.txt',
      'age.key',
      join(root, 'one/age.key'),
      join(root, '.age-key.txt'),
    ])
    assert.equal(sources(placesFrom(repository, root)), ['.age-key.txt'])
    mkdirSync(join(root, 'three', 'age.key'), { recursive: true })
    assert.equal(sources(placesFrom(repository, join(root, 'three'))), [join(root, '.age-key.txt')])
  }))

test('a link to a directory of another place: the repository that one stands in counts', () =>
  withRepository({}, async (repository) => {
    writeFiles(repository.root, { 'age.key': 'x', 'apps/a.yaml': '' })
    const elsewhere = join(repository.directory, 'link')
    symlinkSync(join(repository.root, 'apps'), elsewhere)
    assert.equal(sources(placesFrom(repository, elsewhere)), [join(repository.root, 'age.key')])
  }))

test('nothing above the repository is looked at', () =>
  withRepository({}, async (repository) => {
    writeFiles(repository.directory, { '.age-key.txt': 'not of this repository' })
    writeFiles(repository.directory, { 'age.key': 'neither' })
    assert.equal(placesFrom(repository, repository.root), [])
  }))

test('a key file in UTF-16 is named as that, and not a byte of it', () =>
  withRepository({}, async (repository) => {
    const text = 'AGE-SECRET-KEY-1PLANTED\r\n'
    const utf16 = Buffer.from(text, 'utf16le')
    const mark = Buffer.from([0xff, 0xfe])
    for (const bytes of [Buffer.concat([mark, utf16]), utf16, Buffer.from(utf16).swap16()]) {
      writeFileSync(join(repository.root, '.age-key.txt'), bytes)
      const { message, hint } = await thrown(placesFrom(repository, repository.root)[0]!.read())
      assert.match(message, /\.age-key\.txt: it is UTF-16/)
      assert.not.match(`${message} ${hint}`, 'PLANTED')
    }
  }))

test.run()
