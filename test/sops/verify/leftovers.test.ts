import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ownerId } from '../../../scripts/lib/owner.ts'
import { openBranch } from '../../../scripts/sops/verify/branch/branch.ts'
import { clean, withPlace } from '../../helpers/flux/verify.ts'
import { withRepository } from '../../helpers/repository.ts'

test('what kill -9 leaves of a worktree at any point is removed by the next run; what others may be at is not', () =>
  withRepository({ 'a.txt': 'a\n' }, async ({ root, env, git, directory }) => {
    const bare = join(directory, 'bare')
    git('clone', '--quiet', '--bare', root, bare)
    const temporary = join(directory, 'tmp')
    mkdirSync(temporary)
    const before = process.env.TMPDIR
    process.env.TMPDIR = temporary
    try {
      const { pid } = spawnSync('true')
      const name = (owner: string, end: string) => join(temporary, `flux-sops-verify-${owner}-${end}`)
      const gone = ownerId(pid)
      // before `git worktree add`; in it, with the lock that it holds; and behind it
      const [empty, locked, begun, whole, other, own] = [
        name(gone, 'aaaaaa'),
        name(gone, 'bbbbbb'),
        name(gone, 'cccccc'),
        name(gone, 'dddddd'),
        name('0a0a0a0a-1', 'eeeeee'),
        name(ownerId(), 'ffffff'),
      ] as const
      for (const one of [empty, begun]) mkdirSync(one)
      for (const one of [locked, whole, other, own]) git('worktree', 'add', '--quiet', '--detach', one)
      git('worktree', 'lock', locked)
      const kept = (one: string) => join(root, '.git', 'worktrees', basename(one))
      mkdirSync(kept(begun))
      writeFileSync(join(kept(begun), 'locked'), 'initializing')
      writeFileSync(join(kept(whole), 'index.lock'), '')

      const given = { remote: bare, branch: 'main', note: () => {} }
      const branch = await openBranch({ root, env }, given)
      await branch.close()
      for (const one of [empty, locked, begun, whole])
        assert.equal([existsSync(one), existsSync(kept(one))], [false, false], one)
      for (const one of [other, own])
        assert.equal([existsSync(one), existsSync(kept(one))], [true, true], one)
      // of the user, the two that are not ours to remove, and nothing else
      assert.is(git('worktree', 'list').split('\n').length, 3)
    } finally {
      if (before === undefined) delete process.env.TMPDIR
      else process.env.TMPDIR = before
    }
  }))

test('a git that is killed leaves its lock: the clean-up takes it away', () =>
  withPlace(async ({ hook, verify, server, tip, kubectl }) => {
    const before = await tip()
    // its parent is the `git commit` of the removal, the first time; the lock is that of any git which writes the index
    hook(
      'pre-commit',
      'git log -1 --format=%s | grep -q ^feat || exit 0; [ -e "$DIRECTORY/killed" ] && exit 0; touch "$DIRECTORY/killed" "$(git rev-parse --git-path index.lock)"; kill -9 $PPID',
    )
    const { code, json, stderr } = await verify()
    assert.is(code, 1, stderr)
    assert.is(json.stages.find(({ status }) => status === 'failed')!.name, 'remove')
    assert.equal(json.cleanedUp, clean)
    assert.is(await server('diff', before, 'main'), '')
    assert.is(await kubectl(['get', 'secret', 'sops-test', '-n', 'default', '--ignore-not-found']), '')
  }))

test.run()
