import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Interrupted, UserError } from '../../scripts/lib/errors.ts'
import { runCommand } from '../../scripts/sandbox/command.ts'

const never = new AbortController().signal

const runIt = (script: string, more: { signal?: AbortSignal; broken?: AbortSignal } = {}) =>
  runCommand(['sh', '-c', script], { cwd: '/', env: process.env, signal: never, broken: never, ...more })

/** Aborted after the command has begun. */
function abortedSoon(reason: Error): AbortSignal {
  const abort = new AbortController()
  setTimeout(() => abort.abort(reason), 300)
  return abort.signal
}

test('its exit code, or that of the signal which ended it', async () => {
  assert.is(await runIt('exit 0'), 0)
  assert.is(await runIt('exit 9'), 9)
  assert.is(await runIt('kill -9 $$'), 128 + 9)
})

test('an interruption is passed on, and the end of the command waited for', async () => {
  const trap = (signal: string) => `trap 'exit 5' ${signal}; while :; do sleep 0.05; done`
  assert.is(await runIt(trap('INT'), { signal: abortedSoon(new Interrupted('SIGINT')) }), 5)
  assert.is(await runIt(trap('TERM'), { signal: abortedSoon(new Interrupted('SIGHUP')) }), 5)
})

test('a broken sandbox ends the command, and its reason is thrown', async () => {
  const reason = new UserError('etcd ended')
  assert.is(await runIt('exec sleep 60', { broken: abortedSoon(reason) }).catch((error) => error), reason)
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
