import { chmodSync, copyFileSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { writeFiles } from '../../helpers/files.ts'
import { until } from '../../helpers/processes.ts'
import { leftIn, type RotatePlace, withRotatePlace } from '../../helpers/rotate/task-place.ts'
import { plaintextOf } from '../../helpers/sops/rotating.ts'

const preload = pathToFileURL(join(import.meta.dirname, '..', '..', 'helpers', 'rotate', 'end-at.mjs')).href

/** What a run does: the points of it where it can be ended. */
interface Points {
  log: string
  env: (at: number, signal?: string) => NodeJS.ProcessEnv
}

function pointsIn({ directory }: RotatePlace): Points {
  const log = join(directory, 'points.log')
  return {
    log,
    env: (at, signal = 'SIGKILL') => {
      rmSync(log, { force: true })
      return { NODE_OPTIONS: `--import=${preload}`, END_LOG: log, END_AT: `${at}`, END_SIGNAL: signal }
    },
  }
}

/** No process has the directory for temporary files of the runs in its environment. */
async function allEnded({ temporary }: RotatePlace): Promise<void> {
  const hasIt = (pid: string) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`TMPDIR=${temporary}`)
    } catch {
      return false
    }
  }
  const running = () => readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && hasIt(pid))
  await until('all processes have ended', () => running().length === 0)
}

/** Where the points of a stage are, evenly: those that read at its beginning are of no interest. */
function chosen(lines: readonly string[], count: number): number[] {
  const first = lines.findIndex((line) => /^mkdtempSync/.test(line))
  const last = lines.findIndex((line) => /^spawn git diff-tree/.test(line))
  assert.ok(first > 0 && last > first, lines.join('\n'))
  const always = lines.flatMap((line, index) => (/^(renameSync|spawn git commit)/.test(line) ? [index] : []))
  const some = Array.from(
    { length: count },
    (_, index) => first + Math.round((index * (last - first)) / count),
  )
  return [...new Set([...some, ...always.filter((_, index) => index % 2 === 0), last])].map((at) => at + 1)
}

const isOurs = (file: string) => /^(apps\/[abcd]\.|\.sops\.yaml$)/.test(file)

/** The names of the files that git calls changed, each of which a stage writes. */
function changedFiles({ git }: RotatePlace): string[] {
  const changed = git('status', '--porcelain')
    .split('\n')
    .filter(Boolean)
    .map((line) => line.slice(2).trim())
  assert.equal(
    changed.filter((file) => !isOurs(file)),
    [],
  )
  return changed
}

/** Goes on as people do who read the hints, until it is done. */
async function toTheEnd(place: RotatePlace): Promise<void> {
  const { git, rotate } = place
  for (let runs = 0; runs < 6; runs++) {
    const { code, stdout, stderr } = await rotate(['--commit'])
    assert.is(code, 0, `${stdout}${stderr}\n${git('status', '--porcelain')}`)
    if (/commit what was written/.test(stderr))
      git('commit', '--quiet', '--all', '--message', 'what was left')
    if (/^(done: |no rotation is open: the last)/m.test(stdout)) return
    git('push', '--quiet')
  }
  assert.unreachable('it has no end')
}

/** Nothing is left of any run, and only the new identity opens what it rotated. */
async function checkDone(place: RotatePlace): Promise<void> {
  const { git, old, atHand, read, root } = place
  assert.is(git('status', '--porcelain'), '')
  assert.equal(leftIn(place), [])
  assert.equal(
    readdirSync(join(root, '.git')).filter((name) => name.startsWith('.sops-rotate')),
    [],
  )
  const recipients = atHand()
  assert.is(recipients.length, 2)
  assert.is(recipients[0], old.recipient)
  const [, secret = ''] = read('age.key').match(/AGE-SECRET-KEY-\S+/g) ?? []
  for (const file of git('ls-files', 'apps').split('\n')) {
    const text = read(file)
    const next = { text: '', secret, recipient: recipients[1]! }
    assert.ok(await plaintextOf({ file, text }, [next]), file)
    assert.is(await plaintextOf({ file, text }, [old]), undefined, file)
  }
  assert.not.match(read('.sops.yaml'), old.recipient)
}

for (const stage of ['share', 'cut-over'] as const)
  test(`kill -9 anywhere in ${stage}: the next run goes on to the end`, () =>
    withRotatePlace(async (place) => {
      const { git, ended, start, root, read, bare, directory } = place
      if (stage === 'cut-over') {
        await ended(0, ['--commit'])
        git('push', '--quiet')
      }
      const [begun, key] = [git('rev-parse', 'HEAD'), read('age.key')]
      const again = () => {
        git('update-ref', 'refs/remotes/origin/main', begun)
        git('--git-dir', bare, 'update-ref', 'refs/heads/main', begun)
        git('reset', '--quiet', '--hard', begun)
        writeFiles(root, { 'age.key': key })
      }
      const points = pointsIn(place)
      await ended(0, ['--commit'], { env: points.env(0) })
      const lines = readFileSync(points.log, 'utf8').split('\n')
      for (const at of chosen(lines, 6)) {
        again()
        const { code } = await start(['--commit'], { env: points.env(at) }).ended
        const where = `${stage}, before ${lines[at - 1]}`
        assert.is(code, null, where)
        await allEnded(place)
        try {
          changedFiles(place)
          assert.equal(
            readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter(
              (file) =>
                /sops-key-.*(pipe|next)$/.test(file) && readFileSync(join(directory, file)).length > 0,
            ),
            [],
          )
        } catch (error) {
          throw new Error(`${where}: ${error}`)
        }
        await toTheEnd(place)
        try {
          await checkDone(place)
        } catch (error) {
          throw new Error(`${where}: ${error}`)
        }
      }
    }))

test('what was killed is brought to its end by another person, in another clone', () =>
  withRotatePlace(async (place) => {
    const { git, ended, start, directory, root, bare } = place
    const points = pointsIn(place)
    for (const stage of ['share', 'cut-over']) {
      await start(['--commit'], { env: points.env(0) }).ended
      const lines = readFileSync(points.log, 'utf8').split('\n')
      git('reset', '--quiet', '--hard', 'origin/main')
      const at = lines.findIndex((line) => line.startsWith('spawn git diff-tree')) + 1
      assert.ok(at > 0, stage)
      assert.is((await start(['--commit'], { env: points.env(at) }).ended).code, null)
      // it is committed, and nobody was told
      git('push', '--quiet')
      const other = join(directory, `other-${stage}`)
      git('clone', '--quiet', bare, other)
      copyFileSync(join(root, 'age.key'), join(other, 'age.key'))
      chmodSync(join(other, 'age.key'), 0o600)
      const inOther = (...args: string[]) =>
        git('-C', other, '-c', 'user.name=Other', '-c', 'user.email=other@example.com', ...args)
      inOther('config', 'user.name', 'Other')
      inOther('config', 'user.email', 'other@example.com')
      await ended(stage === 'share' ? 1 : 0, ['--status'], { cwd: other })
      await ended(0, ['--commit'], { cwd: other })
      inOther('push', '--quiet')
      git('pull', '--quiet')
      if (stage === 'share') {
        // one stage back, for the one that is killed next
        git('reset', '--quiet', '--hard', 'HEAD~1')
        git('push', '--quiet', '--force')
      }
    }
    assert.match((await ended(0)).stdout, 'no rotation is open: the last one')
    await checkDone(place)
  }))

for (const stage of ['share', 'cut-over'] as const)
  test(`Ctrl-C in ${stage}: files are as they were or all written, and nothing runs on`, () =>
    withRotatePlace(async (place) => {
      const { git, ended, start, read } = place
      if (stage === 'cut-over') {
        await ended(0, ['--commit'])
        git('push', '--quiet')
      }
      const [begun, key] = [git('rev-parse', 'HEAD'), read('age.key')]
      const points = pointsIn(place)
      await ended(0, ['--commit'], { env: points.env(0) })
      const lines = readFileSync(points.log, 'utf8').split('\n')
      const wanted = [
        /^spawn git grep/,
        /^mkdtempSync/,
        /^spawn sops/,
        /^rmSync .*sops-key-[^/]*$/,
        /^renameSync/,
        /^spawn git commit/,
      ]
      for (const one of wanted) {
        git('reset', '--quiet', '--hard', begun)
        writeFiles(place.root, { 'age.key': key })
        const at = lines.findIndex((line) => one.test(line)) + 1
        assert.ok(at > 0, `${one}`)
        const { code, stdout, stderr } = await start(['--commit'], { env: points.env(at, 'SIGINT') }).ended
        const where = `${stage}, before ${lines[at - 1]}\n${stdout}${stderr}`
        assert.ok(code === 2 || (code === 0 && one.source.includes('commit')), where)
        await allEnded(place)
        const written = git('diff', '--name-only', begun).split('\n').filter(Boolean)
        assert.ok([0, 5].includes(written.length), where)
        assert.is(git('status', '--porcelain'), '', where)
        assert.equal(leftIn(place), [], where)
        const isKept = read('age.key') !== key
        assert.ok(!isKept || stage === 'share', where)
      }
      await toTheEnd(place)
      await checkDone(place)
    }))

test.run()
