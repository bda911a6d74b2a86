import { spawn } from 'node:child_process'
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Place, withPlace } from '../helpers/flux/verify.ts'
import { until } from '../helpers/processes.ts'
import type { Ended } from '../helpers/program.ts'
import { before, checkClean, checkReport, truthOf, watchSecret } from './check.ts'
import { stages } from './moments.ts'
import { startWork } from './user-state.ts'

/** What a run could leave: puts it there, and takes it away again. */
const plants: Record<string, (place: Place) => Promise<() => unknown>> = {
  async 'a process'({ directory }) {
    const child = spawn('sleep', ['60'], { cwd: directory })
    return () => child.kill('SIGKILL')
  },
  async 'a temporary file'({ temporary }) {
    writeFileSync(join(temporary, 'left'), '')
    return () => rmSync(join(temporary, 'left'))
  },
  async 'a worktree'({ git, directory }) {
    await git('worktree', 'add', '--quiet', '--detach', join(directory, 'left'))
    return () => git('worktree', 'remove', '--force', join(directory, 'left'))
  },
  async 'a changed file'({ clone }) {
    const restore = keep(clone, 'README.md')
    appendFileSync(join(clone, 'README.md'), 'more\n')
    return restore
  },
  async 'a changed index'({ clone, git }) {
    const restore = keep(clone, '.git/index')
    await git('add', 'new.yaml')
    return restore
  },
  async 'a changed configuration'({ clone, git }) {
    const restore = keep(clone, '.git/config')
    await git('config', 'user.signingkey', 'other')
    return restore
  },
  async 'a dropped stash'({ clone, git }) {
    const restore = keep(clone, '.git/refs/stash', '.git/logs/refs/stash')
    await git('stash', 'drop', '--quiet')
    return restore
  },
  async 'a file on the branch'({ server }) {
    const tip = await server('rev-parse', 'main')
    const identity = ['-c', 'user.name=x', '-c', 'user.email=x@example.com']
    const part = await server('rev-parse', 'main:kubernetes')
    const other = await server(...identity, 'commit-tree', '-m', 'x', part)
    await server('update-ref', 'refs/heads/main', other)
    return () => server('update-ref', 'refs/heads/main', tip)
  },
  async 'the Secret in the cluster'({ kubectl }) {
    await kubectl(['create', 'secret', 'generic', 'sops-test', '-n', 'default'])
    return () => kubectl(['delete', 'secret', 'sops-test', '-n', 'default'])
  },
}

/** @returns puts the files back as they are now */
function keep(root: string, ...files: string[]): () => void {
  const kept = files.map((file) => [join(root, file), readFileSync(join(root, file))] as const)
  return () => {
    for (const [file, bytes] of kept) writeFileSync(file, bytes)
  }
}

async function isRefused(check: () => unknown): Promise<boolean> {
  try {
    await check()
    return false
  } catch {
    return true
  }
}

test('whatever is left is seen', () =>
  withPlace(async (place) => {
    await startWork(place)
    const was = await before(place)
    await checkClean(place, was)
    for (const [name, plant] of Object.entries(plants)) {
      const takeAway = await plant(place)
      assert.ok(await isRefused(() => checkClean(place, was)), `${name} was not seen`)
      await takeAway()
      await checkClean(place, was)
    }
  }))

/** The end of a run that has proved, and says so. */
function proved(more: object = {}): Ended {
  const document = {
    stages: stages.map((name) => ({ name, status: 'passed' })),
    findings: [],
    cleanedUp: { branch: true, cluster: true },
    ...more,
  }
  return { code: 0, stdout: JSON.stringify(document), stderr: '' }
}

test('a report that is not true is seen', () =>
  withPlace(async (place) => {
    const truth = { branch: true, cluster: true }
    const check = (ended: Ended, real = truth) =>
      checkReport(place, ended, real, { codes: [0, 1], isJson: true })
    check(proved())
    const left = [{ code: 'not-cleaned-up', object: 'x', message: 'x', fix: 'x' }]
    const said = { ...proved({ findings: left, cleanedUp: { branch: false, cluster: false } }), code: 1 }
    check(said, { branch: false, cluster: false })

    const untrue: Record<string, () => void> = {
      'it is on the branch': () => check(proved(), { branch: false, cluster: true }),
      'it is in the cluster': () => check(proved(), { branch: true, cluster: false }),
      'it is left, and that is success': () => check({ ...said, code: 0 }, { branch: false, cluster: false }),
      'another exit code': () => check({ ...proved(), code: 2 }),
      'it was killed': () => check({ ...proved(), code: null }),
      'a stage was not reached': () => check(proved({ stages: [{ name: 'checks', status: 'passed' }] })),
      'the key': () => check(proved({ x: place.key.secret })),
      'the value': () => check({ ...proved(), stderr: 'SOPS decryption works: 1' }),
    }
    for (const [name, one] of Object.entries(untrue)) assert.ok(await isRefused(one), name)
  }))

test('a Secret that comes after the end is seen', () =>
  withPlace(async (place) => {
    const watch = watchSecret(place)
    await until('the watch sees it', async () => {
      await place.kubectl(['create', 'secret', 'generic', 'sops-test', '-n', 'default'])
      assert.is((await truthOf(place)).cluster, false)
      await place.kubectl(['delete', 'secret', 'sops-test', '-n', 'default'])
      return watch.changes() > 0
    })
    await watch.end()
  }))

test.run()
