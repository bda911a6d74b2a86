import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { CommandError } from '../../../../scripts/lib/errors.ts'
import { type Branch, openBranch } from '../../../../scripts/sops/verify/branch/branch.ts'
import { PushError } from '../../../../scripts/sops/verify/branch/push.ts'
import { readFiles, withDirectory, writeFiles } from '../../../helpers/files.ts'
import { type TestRepository, withRepository } from '../../../helpers/repository.ts'
import { thrown } from '../../../helpers/thrown.ts'
import { userEnvironment } from '../../../helpers/user.ts'

const note = () => {}
const inTime = () => Date.now() + 120_000

interface Opened extends TestRepository {
  branch: Branch
  /** The bare repository that the branch is pushed to. */
  bare: string
  /** Git in the bare repository. */
  server(...args: string[]): string
  /** Pushes a file as somebody else. */
  pushOther(file: string): void
}

/** A clone whose branch `main` is opened, and the server behind it. */
async function withBranch(use: (opened: Opened) => Promise<void>): Promise<void> {
  await withRepository({ 'a.txt': 'a\n' }, async (repository) => {
    const { directory, git, root, env } = repository
    const bare = join(directory, 'bare')
    git('clone', '--quiet', '--bare', root, bare)
    git('remote', 'add', 'origin', bare)
    const call = (cwd: string, ...args: string[]) =>
      execFileSync('git', args, { cwd, env, encoding: 'utf8', stdio: 'pipe' }).trimEnd()
    const pushOther = (file: string) => {
      const other = join(directory, `other-${file}`)
      git('clone', '--quiet', bare, other)
      writeFiles(other, { [file]: 'x' })
      call(other, 'add', '--all')
      call(other, '-c', 'user.name=x', '-c', 'user.email=x@x', 'commit', '--quiet', '--message', file)
      call(other, 'push', '--quiet', 'origin', 'main')
    }
    const branch = await openBranch({ root, env }, { remote: 'origin', branch: 'main', note })
    try {
      await use({ ...repository, branch, bare, pushOther, server: (...args) => call(bare, ...args) })
    } finally {
      await branch.close()
      assert.is(git('worktree', 'list').split('\n').length, 1)
      assert.is(git('status', '--porcelain'), '')
    }
  })
}

const edit = (branch: Branch, file: string) => async () => {
  writeFiles(branch.root, { [file]: 'ours' })
  return [file]
}

test('publish: where others push at the same time, the change is made anew on the new tip', () =>
  withBranch(async ({ branch, server, pushOther }) => {
    const before: string[][] = []
    const commit = await branch.publish(
      async () => {
        before.push(Object.keys(readFiles(branch.root)))
        if (before.length < 3) pushOther(`${before.length}.txt`)
        return edit(branch, 'ours.txt')()
      },
      'ours',
      inTime(),
    )
    const files = ['.git', 'a.txt']
    assert.equal(before, [files, ['.git', '1.txt', 'a.txt'], ['.git', '1.txt', '2.txt', 'a.txt']])
    assert.is(server('rev-parse', 'main'), commit)
    assert.is(server('log', '--format=%s', '-3', 'main'), 'ours\n2.txt\n1.txt')
    assert.is(branch.pushes, 3)
    assert.is(branch.isUnsure, false)
  }))

/** How long git was not at work between a push that came too late and the next fetch, in ms, by git's own trace. */
function pausesIn(log: string): number[] {
  const events = readFileSync(log, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  // what git starts itself has the session of its parent before its own
  const timesOf = (verb: string, event: string) => {
    const sessions = events.filter((one) => one.event === 'start' && one.argv.includes(verb))
    const ids = new Set(sessions.map(({ sid }) => sid).filter((sid) => !sid.includes('/')))
    return events.filter((one) => one.event === event && ids.has(one.sid)).map(({ time }) => Date.parse(time))
  }
  const fetches = timesOf('fetch', 'start')
  return timesOf('--no-follow-tags', 'exit').flatMap((end) => {
    const next = fetches.find((start) => start >= end)
    return next === undefined ? [] : next - end
  })
}

test('publish: a branch that is busy for long is waited for, each time longer; and not behind the deadline', () =>
  withBranch(async ({ branch, directory, env, server, pushOther }) => {
    const log = join(directory, 'trace')
    env.GIT_TRACE2_EVENT = log
    let tries = 0
    const busy = (times: number, file: string) => async () => {
      if (++tries <= times) pushOther(`${tries}.txt`)
      return edit(branch, file)()
    }
    const commit = await branch.publish(busy(6, 'ours.txt'), 'ours', inTime())
    assert.is(server('rev-parse', 'main'), commit)
    assert.is(branch.pushes, 7)
    const pauses = pausesIn(log)
    assert.is(pauses.length, 6)
    assert.ok(pauses[5]! > 1600 && pauses[5]! > 2 * pauses[0]!, `${pauses}`)

    const late = await thrown(branch.publish(busy(8, 'again.txt'), 'again', Date.now()))
    assert.instance(late, PushError)
    assert.is((late as PushError).finding.code, 'branch-busy')
    assert.is(branch.pushes, 8)
  }))

test('publish: an edit that has nothing to do pushes nothing', () =>
  withBranch(async ({ branch, server }) => {
    const before = server('rev-parse', 'main')
    assert.is(await branch.publish(async () => undefined, 'nothing', inTime()), undefined)
    assert.is(branch.pushes, 0)
    assert.is(server('rev-parse', 'main'), before)
  }))

test('publish: a hook that refuses the commit is no push; a server that refuses is one, and sure', () =>
  withBranch(async ({ branch, root, bare, server }) => {
    const before = server('rev-parse', 'main')
    const hook = (name: string, script: string) => {
      mkdirSync(dirname(name), { recursive: true })
      writeFileSync(name, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
    }
    const commitHook = join(root, '.git', 'hooks', 'pre-commit')
    hook(commitHook, 'echo "not today" >&2; exit 1')
    const refused = await thrown(branch.publish(edit(branch, 'x'), 'ours', inTime()))
    assert.instance(refused, CommandError)
    assert.match(refused.message, 'not today')
    assert.is(branch.pushes, 0)

    rmSync(commitHook)
    hook(join(bare, 'hooks', 'pre-receive'), 'echo "policy" >&2; exit 1')
    await branch.refresh()
    assert.match((await thrown(branch.publish(edit(branch, 'x'), 'ours', inTime()))).message, 'policy')
    assert.is(branch.pushes, 1)
    assert.is(branch.isUnsure, false)
    assert.is(server('rev-parse', 'main'), before)
  }))

test('contains: the commit itself and what was made on top of it, whoever pushed it', () =>
  withBranch(async ({ branch, server, pushOther }) => {
    const start = server('rev-parse', 'main')
    const commit = await branch.publish(edit(branch, 'x'), 'ours', inTime())
    pushOther('later.txt')
    const later = server('rev-parse', 'main')
    assert.is(await branch.contains(`main@sha1:${commit}`, commit), true)
    assert.is(await branch.contains(`main@sha1:${later}`, commit), true)
    assert.is(await branch.contains(`main@sha1:${start}`, commit), false)
    assert.is(await branch.contains(undefined, commit), false)
    assert.is(await branch.has(start), true)
    assert.is(await branch.has('0'.repeat(40)), false)
  }))

test('a repository without a commit and a remote that is not there leave no worktree', () =>
  withDirectory(async (root) => {
    const env = userEnvironment(root)
    const git = (...args: string[]) => execFileSync('git', args, { cwd: root, env, encoding: 'utf8' })
    const worktrees = () => readdirSync(tmpdir()).filter((name) => name.startsWith('flux-sops-verify-'))
    git('init', '--quiet')
    const empty = await thrown(openBranch({ root, env }, { remote: 'origin', branch: 'main', note }))
    assert.match(empty.message, 'the repository has no commit yet')
    git('-c', 'user.name=x', '-c', 'user.email=x@x', 'commit', '--quiet', '--allow-empty', '--message', 'x')
    const missing = await thrown(openBranch({ root, env }, { remote: 'nowhere', branch: 'main', note }))
    assert.match(missing.message, 'nowhere')
    assert.equal(worktrees(), [])
    assert.is(git('worktree', 'list').trimEnd().split('\n').length, 1)
  }))

test('the name of a branch holds no credentials', () =>
  withRepository({ 'a.txt': 'a' }, async ({ root, env, git, directory }) => {
    git('clone', '--quiet', '--bare', root, join(directory, 'bare'))
    const remote = `file://user:planted@localhost${join(directory, 'bare')}`
    const branch = await openBranch({ root, env }, { remote, branch: 'main', note })
    assert.is(branch.name, `file://localhost${join(directory, 'bare')}/main`)
    await branch.close()
  }))

test.run()
