import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Interrupted, UserError } from '../../scripts/lib/errors.ts'
import { runCommand } from '../../scripts/sandbox/command.ts'
import { withDirectory } from '../helpers/files.ts'
import { until } from '../helpers/processes.ts'

const never = new AbortController().signal

const runIt = (script: string, more: { signal?: AbortSignal; broken?: AbortSignal } = {}) =>
  runCommand(['sh', '-c', script], { cwd: '/', env: process.env, signal: never, broken: never, ...more })

/**
 * Runs a script, and aborts one of its signals when it has made the file `ready`.
 * @returns its exit code, or what was thrown
 */
const runAborted = (script: string, which: 'signal' | 'broken', reason: Error) =>
  withDirectory(async (directory) => {
    const abort = new AbortController()
    const ready = join(directory, 'ready')
    const running = runIt(script.replace('ready', ready), { [which]: abort.signal }).catch((error) => error)
    await until('the command has begun', () => existsSync(ready))
    abort.abort(reason)
    return running
  })

test('its exit code, or that of the signal which ended it', async () => {
  assert.is(await runIt('exit 0'), 0)
  assert.is(await runIt('exit 9'), 9)
  assert.is(await runIt('kill -9 $$'), 128 + 9)
})

test('an interruption is passed on, and the end of the command waited for', async () => {
  const trap = (signal: string) => `trap 'exit 5' ${signal}; touch ready; while :; do sleep 0.05; done`
  assert.is(await runAborted(trap('INT'), 'signal', new Interrupted('SIGINT')), 5)
  assert.is(await runAborted(trap('QUIT'), 'signal', new Interrupted('SIGQUIT')), 5)
  assert.is(await runAborted(trap('TERM'), 'signal', new Interrupted('SIGHUP')), 5)
})

test('a broken sandbox ends the command, and its reason is thrown', async () => {
  const reason = new UserError('etcd ended')
  assert.is(await runAborted('touch ready; exec sleep 600', 'broken', reason), reason)
})

test('after an interruption nothing is started', async () => {
  const signal = AbortSignal.abort(new Interrupted('SIGTERM'))
  assert.is(await runIt('exit 0', { signal }).catch((error) => error), signal.reason)
})

test('a program that is missing is named', async () => {
  const options = { cwd: '/', env: process.env, signal: never, broken: never }
  const error = await runCommand(['no-such-program'], options).catch((error) => error)
  assert.instance(error, UserError)
  assert.is(error.message, 'no-such-program is not on PATH')
})

test.run()
