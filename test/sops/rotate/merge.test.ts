import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { encryptText, type Key, makeKey, sopsConfig } from '../../helpers/keys.ts'
import { type TestRepository, withRepository } from '../../helpers/repository.ts'
import { type KeyRepository, openKeyRepository, stagesDone } from '../../helpers/rotate/key-repository.ts'

const [file, other] = ['apps/x.enc.yaml', 'apps/y.enc.yaml']
const plain = (name: string) =>
  `apiVersion: v1\nkind: Secret\nmetadata: {name: ${name}}\nstringData:\n  password: first\n  token: first\n`

interface Place extends TestRepository, KeyRepository {
  /** What sops opens with this key alone. @returns the values */
  values(key: Key): Record<string, string>
  /** A colleague sets a value with sops on a branch, and commits it. */
  colleagueSets(branch: string, name: string, value: string): void
}

async function withPlace(use: (place: Place) => Promise<void>): Promise<void> {
  const old = makeKey()
  const files = {
    '.gitignore': '.age-key.txt\n',
    '.sops.yaml': sopsConfig(old.recipient),
    [file]: encryptText(old.recipient, plain('x')),
    [other]: encryptText(old.recipient, plain('y')),
  }
  await withRepository(files, async (repository) => {
    const { root, directory, git } = repository
    git('init', '--quiet', '--bare', join(directory, 'bare'))
    git('remote', 'add', 'origin', join(directory, 'bare'))
    git('push', '--quiet', '--set-upstream', 'origin', 'main')
    const sops = ({ secret }: Key, ...args: string[]) => {
      const env = { PATH: process.env.PATH, HOME: directory, SOPS_AGE_KEY: secret }
      return execFileSync('sops', args, { cwd: root, env, encoding: 'utf8', stdio: 'pipe' })
    }
    await use({
      ...repository,
      ...openKeyRepository(repository, old),
      values: (key) => JSON.parse(sops(key, 'decrypt', '--output-type', 'json', file)).stringData,
      colleagueSets(branch, name, value) {
        git('switch', '--quiet', branch)
        sops(old, 'set', file, `["stringData"]["${name}"]`, JSON.stringify(value))
        git('commit', '--quiet', '--all', '--message', `set ${name}`)
      },
    })
  })
}

test('a rotation and the work of colleagues come together in git', () =>
  withPlace(async (place) => {
    const { root, git, rotate, refused, values, colleagueSets, keyOf, old } = place
    const run = (...args: string[]) => rotate('--no-cluster', '--commit', ...args)

    // the new public key is beside the old one, and a colleague has set a value
    git('branch', '--quiet', 'colleague')
    const shared = await run('--to', 'share')
    assert.equal(stagesDone(shared), ['share'])
    const next = keyOf(shared.new)
    colleagueSets('colleague', 'password', 'second')
    git('switch', '--quiet', 'main')
    git('merge', '--quiet', '--no-edit', 'colleague')
    for (const key of [old, next]) assert.equal(values(key), { password: 'second', token: 'first' })
    git('push', '--quiet')

    // new data keys, and a colleague has set another one
    git('branch', '--quiet', 'colleague-2')
    assert.equal(stagesDone(await run()), ['prove', 'cut-over'])
    colleagueSets('colleague-2', 'token', 'third')
    git('switch', '--quiet', 'main')
    assert.throws(() => git('merge', '--quiet', '--no-edit', 'colleague-2'))
    const text = readFileSync(join(root, file), 'utf8')
    assert.match(text, /^<<<<<<< /m)
    const head = git('rev-parse', 'HEAD')
    const assertRefused = async (args: string[]) => {
      const { stderr } = await refused(1, '--no-cluster', ...args)
      assert.match(stderr, `${file}: has the marks of an unfinished merge`)
      assert.match(stderr, `\`git checkout --theirs ${file}\``)
      assert.is(readFileSync(join(root, file), 'utf8'), text)
      assert.is(git('rev-parse', 'HEAD'), head)
    }
    await assertRefused(['--commit'])
    await assertRefused([])
    // for git they are no conflict any more
    git('add', file)
    await assertRefused([])
    git('reset', '--quiet', '--merge')

    assert.throws(() => git('merge', '--quiet', '--no-edit', 'colleague-2'))
    git('checkout', '--quiet', '--theirs', file)
    git('add', file)
    git('commit', '--quiet', '--no-edit')
    const again = await run()
    assert.equal(stagesDone(again), ['prove', 'cut-over'])
    assert.is(again.new, next.recipient)
    assert.is(git('show', '--name-only', '--format='), file)
    assert.equal(values(next), { password: 'second', token: 'third' })
    assert.throws(() => values(old))
    git('push', '--quiet')
    assert.is((await run()).result, 'done')
    assert.throws(() => git('grep', old.recipient, '--', 'apps', '.sops.yaml'))
  }))

test.run()
