import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { makePushGate } from '../../scripts/sandbox/push-gate.ts'

test('work waits for a push that is under way, and a push for the work', async () => {
  const gate = makePushGate()
  const seen: string[] = []
  const leave = await gate.enter('/x.git/git-receive-pack')
  const first = gate.alone(async () => {
    seen.push('work begins')
    await sleep(50)
    seen.push('work ends')
  })
  await sleep(50)
  assert.equal(seen, [])
  leave()
  while (seen.length === 0) await sleep(5)
  const late = await gate.enter('/x.git/info/refs?service=git-receive-pack')
  seen.push('push')
  late()
  await first
  assert.equal(seen, ['work begins', 'work ends', 'push'])
})

test('a fetch waits for nobody, and work that fails keeps nobody out', async () => {
  const gate = makePushGate()
  const failing = gate.alone(async () => {
    await sleep(20)
    throw new Error('no')
  })
  failing.catch(() => {})
  ;(await gate.enter('/x.git/info/refs?service=git-upload-pack'))()
  const leave = await gate.enter('/x.git/git-receive-pack')
  leave()
  let message = ''
  await failing.catch((error: Error) => {
    message = error.message
  })
  assert.is(message, 'no')
})

test.run()
