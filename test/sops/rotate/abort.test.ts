import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { encryptSecret } from '../../helpers/keys.ts'
import { type RotatePlace, withRotatePlace } from '../../helpers/rotate/task-place.ts'

const back = (said: string) =>
  said
    .split('\n')
    .find((line) => /^ {2}(git restore|mise run)/.test(line))!
    .trim()

/** Runs the command of a hint, whose program is the task. */
async function follow({ ended }: RotatePlace, command: string): Promise<void> {
  assert.match(command, /^mise run sops:rotate /)
  await ended(
    0,
    command
      .split(' ')
      .slice(3)
      .filter((word) => word !== '--no-cluster'),
  )
}

test('--abort of what is not committed, committed or pushed leaves every byte as it was', () =>
  withRotatePlace(async (place) => {
    const { git, ended, atHand } = place
    const before = git('rev-parse', 'HEAD')
    const isAsBefore = () => git('diff', before) === '' && git('status', '--porcelain') === ''
    const nothing = await ended(0, ['--abort'])
    assert.is(nothing.stdout, 'no rotation is open\n')
    assert.is(atHand().length, 1)

    await ended(0)
    assert.not(isAsBefore())
    const uncommitted = await ended(0, ['--abort'])
    assert.match(uncommitted.stdout, /^aborted$/m)
    assert.match(uncommitted.stderr, 'age.key: still holds the identity of')
    assert.ok(isAsBefore())
    await ended(0, ['--status'])

    await ended(0, ['--commit'])
    await ended(1, ['--status'])
    await ended(0, ['--abort', '--commit'])
    assert.is(git('rev-list', '--count', `${before}..HEAD`), '2')
    assert.ok(isAsBefore())

    git('reset', '--quiet', '--hard', before)
    await ended(0, ['--commit'])
    git('push', '--quiet')
    const pushed = await ended(0, ['--abort', '--commit'])
    assert.match(pushed.stderr, 'git push')
    assert.ok(isAsBefore())
    assert.match((await ended(0, ['--abort', '--commit'])).stderr, 'git push')
    git('push', '--quiet')
    assert.is((await ended(0, ['--status'])).stdout, 'no rotation is open\n')
    assert.is((await ended(0, ['--abort'])).stdout, 'no rotation is open\n')
    // what was given up once can be begun again
    const known = atHand()
    await ended(0, ['--commit'])
    git('push', '--quiet')
    await ended(0, ['--commit'])
    git('push', '--quiet')
    assert.match((await ended(0)).stdout, 'no rotation is open')
    assert.ok(atHand().length <= known.length + 1)
  }))

test('a cut-over that is not committed is taken back by git', () =>
  withRotatePlace(async (place) => {
    const { git, ended, old, atHand } = place
    await ended(0, ['--commit'])
    git('push', '--quiet')
    await ended(0)
    const command = back((await ended(1, ['--abort'])).stderr)
    assert.match(command, /^git restore /)
    git(...command.split(' ').slice(1))
    assert.is(git('status', '--porcelain'), '')
    await ended(0, ['--abort', '--commit'])
    assert.is(git('diff', 'HEAD~2'), '')
    assert.not.match(git('grep', '-h', 'age1', '--', '.sops.yaml'), atHand().at(-1)!)
    assert.match(git('grep', '-h', 'age1', '--', '.sops.yaml'), old.recipient)
  }))

test('of a cut-over that is not committed git puts back just what was cut over, and sops what git does not have', () =>
  withRotatePlace(async (place) => {
    const { root, env, git, ended, old, friend, read, write } = place
    const own = encryptSecret(friend.recipient)
    write('apps/own.sops.yaml', own)
    git('add', '.')
    git('commit', '--quiet', '--message', 'own')
    await ended(0, ['--commit'])
    git('push', '--quiet')
    // neither has to do with it: the file of somebody else, and one that was deleted
    write('apps/own.sops.yaml', `${own}# edited\n`)
    rmSync(join(root, 'apps/d.sops.env'))
    write('apps/e f.sops.yaml', encryptSecret(old.recipient))
    await ended(0, ['apps/e f.sops.yaml'])
    await ended(0)
    const said = (await ended(1, ['--abort'])).stderr.split('\n')
    assert.match(said.join('\n'), 'with all that is not committed in them')
    const commands = said.filter((line) => /^ {2}(git|sops) /.test(line)).map((line) => line.trim())
    assert.is(commands.length, 2)
    const key = { ...env, SOPS_AGE_KEY_FILE: join(root, 'age.key') }
    for (const line of commands) execFileSync('sh', ['-c', line], { cwd: root, env: key, stdio: 'pipe' })
    assert.is(git('status', '--porcelain').trim().split('\n').length, 3)
    assert.is(read('apps/own.sops.yaml'), `${own}# edited\n`)
    assert.match(read('apps/e f.sops.yaml'), old.recipient)
    await ended(0, ['--abort', '--commit'])
    assert.is(git('diff', 'HEAD~2', '--', 'apps', ':!apps/own.sops.yaml', ':!apps/d.sops.env'), '')
  }))

test('behind a cut-over the way back is a rotation the other way round, as it is said', () =>
  withRotatePlace(async (place) => {
    const { git, ended, old, friend, atHand } = place
    const names = () => new Set(git('grep', '-hoE', 'age1[a-z0-9]{50,}', 'HEAD').split('\n'))
    await ended(0, ['--commit'])
    git('push', '--quiet')
    await ended(0, ['--commit'])
    const cut = names()
    assert.not(cut.has(old.recipient))
    const [, next] = atHand()

    // committed only: the branch still has both
    const early = await ended(1, ['--abort', '--commit'])
    assert.match(early.stdout, 'the way back is a rotation the other way round')
    git('push', '--quiet')
    const { stderr } = await ended(1, ['--abort', '--commit'])
    assert.is(back(early.stderr), back(stderr))

    await follow(place, back(stderr))
    assert.equal(atHand(), [old.recipient, next])
    assert.equal(names(), new Set([old.recipient, next, friend.recipient]))
    await ended(1, ['--status'])
    git('push', '--quiet')
    // how it goes on is known without any option
    await ended(0, ['--commit'])
    assert.equal(names(), new Set([old.recipient, friend.recipient]))
    git('push', '--quiet')
    const done = await ended(0, ['--json'])
    assert.is(JSON.parse(done.stdout).result, 'done')
    assert.is(JSON.parse(done.stdout).new, old.recipient)
    assert.is(git('status', '--porcelain'), '')
  }))

test('the second rotation is the one that is open, and no longer the one that has ended before', () =>
  withRotatePlace(async (place) => {
    const { git, ended, old, atHand } = place
    await ended(0, ['--commit'])
    git('push', '--quiet')
    await ended(0, ['--commit'])
    git('push', '--quiet')
    const [, now] = atHand() as [string, string]
    const before = git('rev-parse', 'HEAD')
    const isAsBefore = () => git('diff', before) === '' && git('status', '--porcelain') === ''

    for (const commit of [[], ['--commit']]) {
      await ended(0, ['--old', now, ...commit])
      const later = atHand().at(-1)!
      assert.not.ok([old.recipient, now].includes(later))
      const { stdout } = await ended(1, ['--status'])
      assert.match(stdout, `old public key  ${now}`)
      assert.match(stdout, `new public key  ${later}`)
      const byName = [
        ['--old', now],
        ['--next', later],
        ['--old', now, '--next', later],
      ]
      for (const named of commit.length > 0 ? [[], ...byName] : [[]]) {
        const head = git('rev-parse', 'HEAD')
        const aborted = await ended(0, ['--abort', ...commit, ...named])
        assert.match(aborted.stdout, /^aborted$/m, named.join(' '))
        assert.match(aborted.stdout, `new public key  ${later}`)
        assert.ok(isAsBefore(), named.join(' '))
        git('reset', '--quiet', '--hard', head)
      }
      git('reset', '--quiet', '--hard', before)
    }

    // what was given up is none: the way back is that of the last one again
    assert.match((await ended(0, ['--status'])).stdout, 'the last one is complete')
    assert.match(back((await ended(1, ['--abort'])).stderr), `--next ${old.recipient}`)
    assert.match(
      (await ended(0, ['--abort', '--old', now, '--next', atHand().at(-1)!])).stdout,
      'no rotation is open',
    )
  }))

test.run()
