import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { UserError } from '../../scripts/lib/errors.ts'
import { currentBranch, type Mirror, mirror, watchBranch } from '../../scripts/sandbox/mirror.ts'
import { until } from '../helpers/processes.ts'
import { type TestRepository, withRepository } from '../helpers/repository.ts'

/** A repository with one commit on main, and an empty bare one that shall show its commits. */
function withMirror(use: (repository: TestRepository, source: Mirror, tip: () => string) => Promise<void>) {
  return withRepository({ a: '1' }, async (repository) => {
    const { root, env, directory, git } = repository
    const bare = join(directory, 'bare')
    git('init', '--quiet', '--bare', '--initial-branch=main', bare)
    git('-C', bare, 'config', 'receive.shallowUpdate', 'true')
    await use(repository, { root, branch: 'main', bare, env }, () => git('-C', bare, 'rev-parse', 'main'))
  })
}

test('the branch that is checked out', () =>
  withRepository({}, async ({ root, env, git }) => {
    assert.is(await currentBranch(root, env), 'main')
    git('switch', '--quiet', '-c', 'feature/x')
    assert.is(await currentBranch(root, env), 'feature/x')
    git('switch', '--quiet', '--detach')
    const detached = await currentBranch(root, env).catch((error) => error)
    assert.instance(detached, UserError)
    assert.match(detached.message, /no branch is checked out/)
    git('switch', '--quiet', '--orphan', 'empty')
    const unborn = await currentBranch(root, env).catch((error) => error)
    assert.match(unborn.message, /its branch empty has no commit yet/)
  }))

test("new commits arrive, the user's hooks and configuration have no say", () =>
  withMirror(async ({ git, root }, source, tip) => {
    git('config', 'core.hooksPath', join(root, 'hooks'))
    git('config', 'push.gpgSign', 'true')
    assert.ok(await mirror(source))
    assert.is(tip(), git('rev-parse', 'HEAD'))
    git('commit', '--quiet', '--allow-empty', '-m', 'next')
    assert.ok(await mirror(source))
    assert.is(tip(), git('rev-parse', 'HEAD'))
    assert.is(git('status', '--porcelain'), '')
  }))

test('a branch that has moved elsewhere is left alone', () =>
  withMirror(async ({ git }, source, tip) => {
    await mirror(source)
    git('commit', '--quiet', '--allow-empty', '-m', 'theirs')
    await mirror(source)
    const theirs = tip()
    git('reset', '--quiet', '--hard', 'HEAD~')
    assert.not(await mirror(source))
    git('commit', '--quiet', '--allow-empty', '-m', 'ours')
    assert.not(await mirror(source))
    assert.is(tip(), theirs)
  }))

test('a shallow clone and a linked worktree can be served', () =>
  withMirror(async ({ git, directory, root }, source, tip) => {
    git('commit', '--quiet', '--allow-empty', '-m', 'next')
    const shallow = join(directory, 'shallow')
    git('clone', '--quiet', '--depth=1', `file://${root}`, shallow)
    assert.ok(await mirror({ ...source, root: shallow }))
    assert.is(tip(), git('rev-parse', 'HEAD'))
    const linked = join(directory, 'linked')
    git('worktree', 'add', '--quiet', '-b', 'side', linked)
    git('-C', linked, 'commit', '--quiet', '--allow-empty', '-m', 'in the worktree')
    assert.ok(await mirror({ ...source, root: linked, branch: 'side' }))
    assert.is(git('-C', source.bare, 'rev-parse', 'side'), git('rev-parse', 'side'))
  }))

test('what git says is reported', () =>
  withMirror(async ({ directory }, source) => {
    const nothing = join(directory, 'nothing')
    mkdirSync(nothing)
    const error = await mirror({ ...source, root: nothing }).catch((error) => error)
    assert.instance(error, UserError)
    assert.match(error.message, /^cannot bring the branch main into the sandbox: .*nothing/)
  }))

for (const refs of ['loose', 'packed']) {
  test(`a branch that moves is noticed (${refs})`, () =>
    withMirror(async ({ git }, source) => {
      git('switch', '--quiet', '-c', 'feature/x')
      if (refs === 'packed') git('pack-refs', '--all')
      const seen: string[] = []
      const stop = await watchBranch(
        { ...source, branch: 'feature/x' },
        async (commit) => void seen.push(commit),
        (error) => assert.unreachable(String(error)),
      )
      try {
        for (const message of ['one', 'two']) {
          git('commit', '--quiet', '--allow-empty', '-m', message)
          await until('it is noticed', () => seen.at(-1) === git('rev-parse', 'HEAD'))
        }
        // another branch, and the same commit in another file, are looked at and passed over
        git('branch', 'other', 'HEAD~')
        git('pack-refs', '--all')
        git('commit', '--quiet', '--allow-empty', '-m', 'three')
        await until('it is noticed', () => seen.at(-1) === git('rev-parse', 'HEAD'))
        assert.equal(seen.toReversed(), git('rev-list', '--max-count=3', 'HEAD').split('\n'))
      } finally {
        stop()
      }
    }))
}

test.run()
