import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { makeStateDirectory } from '../../scripts/sandbox/state-directory.ts'
import { withDirectory } from '../helpers/files.ts'
import { isRunning, until } from '../helpers/processes.ts'

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
    const owners = {
      'x-gone': `${hostname()} ${dead.pid}`,
      'x-alive': `${hostname()} ${process.pid}`,
      'x-elsewhere': `elsewhere ${dead.pid}`,
      'x-strange': 'what?',
      'y-gone': `${hostname()} ${dead.pid}`,
    }
    for (const [name, owner] of Object.entries(owners)) {
      mkdirSync(join(directory, name))
      writeFileSync(join(directory, name, 'owner'), owner)
    }
    mkdirSync(join(directory, 'x-empty'))
    await makeStateDirectory(directory, 'x', process.env).remove()
    assert.equal(readdirSync(directory).sort(), ['x-alive', 'x-elsewhere', 'x-empty', 'x-strange', 'y-gone'])
  }))

test.run()
