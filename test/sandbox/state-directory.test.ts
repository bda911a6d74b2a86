import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ownerId } from '../../scripts/lib/owner.ts'
import { makeStateDirectory } from '../../scripts/sandbox/state-directory.ts'
import { withDirectory } from '../helpers/files.ts'
import { isRunning, until } from '../helpers/processes.ts'
import { startProgram } from '../helpers/program.ts'

test('it is private, and goes away with the processes that are left', () =>
  withDirectory(async (directory) => {
    const state = makeStateDirectory(directory, 'x', process.env)
    assert.is(statSync(state.path).mode & 0o777, 0o700)
    const [left, ended] = [0, 1].map(() => spawn('sleep', ['60'], { detached: true }))
    for (const { pid } of [left!, ended!]) state.add(pid!)
    // no longer ours to end
    state.forget(ended!.pid!)
    await Promise.all([state.remove(), state.remove()])
    assert.not(existsSync(state.path))
    await until('the one that is left has ended', () => !isRunning(left!.pid!))
    assert.ok(isRunning(ended!.pid!))
    ended!.kill()
  }))

test('those of owners that are gone are removed, and no others', () =>
  withDirectory(async (directory) => {
    const dead = spawn('true')
    await new Promise((done) => dead.once('exit', done))
    const gone = ownerId(dead.pid)
    const [machine] = gone.split('-')
    const kept = ['x', 'x-strange-1-a', `x-${ownerId()}-b`, `x-${'0'.repeat(8)}-${dead.pid}-c`, `y-${gone}-d`]
    for (const name of [...kept, `x-${gone}-e`, `x-${machine}-${dead.pid}-f`])
      mkdirSync(join(directory, name))
    await makeStateDirectory(directory, 'x', process.env).remove()
    assert.equal(readdirSync(directory).sort(), kept.sort())
  }))

test('one that cannot be removed, for something is mounted in it, keeps nobody from another one', () =>
  withDirectory(async (directory) => {
    const { pid } = spawnSync('true')
    const left = join(directory, `x-${ownerId(pid)}-a`)
    mkdirSync(left)
    const file = join(import.meta.dirname, '..', '..', 'scripts', 'sandbox', 'state-directory.ts')
    const script = `const { makeStateDirectory } = await import(${JSON.stringify(file)})
      const state = makeStateDirectory(${JSON.stringify(directory)}, 'x', process.env)
      console.log('made')
      await state.remove()`
    const node = [process.execPath, '--input-type=module', '-e', script]
    // the mount ends with the process; root may need no more than that
    const apart = ['unshare', '--mount', ...(process.getuid?.() === 0 ? [] : ['--map-root-user'])]
    const mounted = ['sh', '-c', 'mount -t tmpfs none "$1"; shift; exec "$@"', 'sh', left, ...node]
    const ended = await startProgram([...apart, ...mounted], { cwd: '/', env: process.env }).ended
    assert.equal(ended, { code: 0, stdout: 'made\n', stderr: '' })
    assert.equal(readdirSync(directory), [basename(left)])
  }))

test.run()
