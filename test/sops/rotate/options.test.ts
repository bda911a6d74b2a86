import { execFileSync } from 'node:child_process'
import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { makeKey } from '../../helpers/keys.ts'
import { withRotatePlace } from '../../helpers/rotate/task-place.ts'

test('--dry-run prints what git applies, and writes nothing', () =>
  withRotatePlace(async ({ git, ended, root, env, atHand, read }) => {
    const accepts = (diff: string) => {
      for (const check of [['--check'], ['--numstat']])
        execFileSync('git', ['apply', ...check, '-'], { cwd: root, env, input: diff })
      return execFileSync('git', ['apply', '--numstat', '-'], {
        cwd: root,
        env,
        input: diff,
        encoding: 'utf8',
      })
    }
    const key = read('age.key')
    const share = await ended(0, ['--dry-run'])
    const files = accepts(share.stdout)
    for (const file of ['.sops.yaml', 'apps/a.sops.yaml', 'apps/c.sops.json', 'apps/d.sops.env'])
      assert.match(files, file)
    assert.match(share.stderr, 'nothing was written')
    assert.is(git('status', '--porcelain'), '')
    assert.is(read('age.key'), key)
    await ended(0, ['--commit'])
    git('push', '--quiet')
    const [, next = ''] = atHand()
    const cut = await ended(0, ['--dry-run'])
    assert.match(accepts(cut.stdout), 'apps/b.shared.sops.yaml')
    assert.not.match(cut.stdout.replace(/^ {2}.*/gm, ''), new RegExp(`^\\+.*${atHand()[0]}`, 'm'))
    assert.is(git('status', '--porcelain'), '')
    assert.match(read('.sops.yaml'), next)
    await ended(1, ['--status'])
  }))

test('--to goes no further, PATH… is about files below it, and --status says what is open', () =>
  withRotatePlace(async ({ git, ended, atHand, read, old }) => {
    const status = async (code: number) => JSON.parse((await ended(code, ['--status', '--json'])).stdout)
    assert.is((await status(0)).result, 'done')
    const distribute = await ended(0, ['--to', 'share', 'apps/a.sops.yaml', '--commit'])
    assert.match(distribute.stdout, 'share')
    const [, next = ''] = atHand()
    assert.match(read('apps/a.sops.yaml'), next)
    assert.not.match(read('apps/c.sops.json'), next)
    git('push', '--quiet')
    const open = await status(1)
    assert.is(open.result, 'open')
    assert.is(open.stage, 'share')
    const listed = open.files.find(({ file }: { file: string }) => file === 'apps/c.sops.json')
    assert.is(listed.workingTree, 'old-only')
    // the rest, in a directory
    await ended(0, ['--to', 'distribute', '--commit', 'apps'])
    git('push', '--quiet')
    for (const to of ['share', 'distribute']) {
      const { stdout, stderr } = await ended(0, ['--to', to, '--commit'])
      assert.match(stdout, 'cut-over is next')
      assert.match(stderr, 'go on with:', to)
    }
    const head = git('rev-parse', 'HEAD')
    const proved = await ended(0, ['--to', 'prove', '--commit'])
    assert.match(proved.stdout, /^✓ prove /m)
    assert.is(git('rev-parse', 'HEAD'), head)
    assert.is((await status(1)).stage, 'cut-over')
    // one file cut over
    await ended(0, ['--commit', 'apps/d.sops.env'])
    assert.not.match(read('apps/d.sops.env'), old.recipient)
    assert.match(read('apps/a.sops.yaml'), old.recipient)
    assert.match(read('.sops.yaml'), old.recipient)
    git('push', '--quiet')
    await status(1)
    await ended(0, ['--to', 'cut-over', '--commit'])
    git('push', '--quiet')
    assert.is((await status(0)).result, 'done')
    assert.is((await ended(0, ['--to', 'cut-over', '--commit'])).code, 0)
  }))

test('options that exclude each other, and words that are none', () =>
  withRotatePlace(async ({ git, ended, read }) => {
    const key = read('age.key')
    for (const args of [
      ['--status', '--commit'],
      ['--status', '--dry-run'],
      ['--dry-run', '--commit'],
      ['--dry-run', '--abort'],
      ['--abort', '--status'],
      ['--abort', '--remove', '--old', 'x'],
      ['--compromised', '--abort'],
      ['--compromised', '--rewrap'],
      ['--remove', '--new-key', 'x'],
      ['--store', 'cat', '--new-key', 'x'],
      ['--next', 'age1x', '--new-key', 'x'],
      ['--pq', '--remove', '--old', 'x'],
      ['--context', 'x'],
    ]) {
      const { stderr } = await ended(2, args)
      assert.match(stderr, 'exclude each other', args.join(' '))
    }
    assert.match((await ended(2, ['--to', 'end'])).stderr, 'there is no stage end')
    assert.match((await ended(2, ['--proof', 'none'])).stderr, 'there is no proof none')
    assert.match((await ended(2, ['--remove'])).stderr, '--remove needs --old')
    assert.match((await ended(2, ['--timeout', 'soon'])).stderr, 'timeout')
    const stranger = makeKey().recipient
    assert.match((await ended(2, ['--old', stranger])).stderr, '--old')
    assert.match((await ended(1, ['--next', stranger])).stderr, 'not at hand')
    assert.is(git('status', '--porcelain'), '')
    assert.is(read('age.key'), key)
  }))

test('--status without any key, as in CI', () =>
  withRotatePlace(async ({ git, ended, root, directory, atHand, read, write }) => {
    const keyFile = join(root, 'age.key')
    const away = join(directory, 'away.key')
    const inCi = async (code: number, ...args: string[]) => {
      renameSync(keyFile, away)
      try {
        return JSON.parse((await ended(code, ['--status', '--json', ...args])).stdout)
      } finally {
        renameSync(away, keyFile)
      }
    }
    const [old] = atHand()
    assert.is((await inCi(0)).result, 'done')
    // a rule that somebody has changed by hand, and no file
    const rules = read('.sops.yaml')
    write('.sops.yaml', rules.replaceAll(old!, makeKey().recipient))
    const drift = await inCi(1)
    assert.ok(drift.findings.some((one: { code: string }) => one.code === 'recipient-left'))
    write('.sops.yaml', rules)
    await ended(0, ['--commit'])
    const open = await inCi(1)
    assert.is(open.result, 'open')
    assert.is(open.next[0].lines[0], 'git push')
    assert.equal([open.old, open.next.length > 0], [atHand()[0], true])
    git('push', '--quiet')
    assert.is((await inCi(1)).stage, 'cut-over')
    await ended(0, ['--commit'])
    git('push', '--quiet')
    assert.is((await inCi(0)).result, 'done')
  }))

test.run()
