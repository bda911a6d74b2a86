import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { hostname } from 'node:os'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isGone, ownerId } from '../../scripts/lib/owner.ts'
import { isRunning, until } from '../helpers/processes.ts'

test('a process that lives is not gone, one that has ended is', () => {
  assert.not.ok(isGone(ownerId()))
  // that of somebody else, which may not be signalled
  assert.not.ok(isGone(ownerId(1)))
  const { pid } = spawnSync('true')
  assert.ok(isGone(ownerId(pid)))
})

test('one that has ended and whose parent does not notice is gone', async () => {
  const parent = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 60'])
  try {
    const [pid] = await once(parent.stdout, 'data')
    await until('it has ended', () => !isRunning(Number(pid)))
    assert.ok(isGone(ownerId(Number(pid))))
  } finally {
    parent.kill()
  }
})

test('of another machine, and of what is no owner, nothing is known', () => {
  const { pid } = spawnSync('true')
  const [machine] = ownerId(pid).split('-')
  for (const text of [`${'0'.repeat(8)}-${pid}`, `${machine}-0`, `${machine}-x`, `${machine}`, `${pid}`, ''])
    assert.not.ok(isGone(text), text)
})

test('it does not name the machine', () => {
  assert.match(ownerId(7), /^[0-9a-f]{8}-7$/)
  assert.not.match(ownerId(), hostname())
})

test.run()
