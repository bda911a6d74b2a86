import { spawnSync } from 'node:child_process'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ownerId } from '../../../scripts/lib/owner.ts'
import { describeRun, isAtWork, makeRunId } from '../../../scripts/sops/verify/run-id.ts'

const soon = Math.ceil(Date.now() / 1000) + 600

test('a run is at work until its deadline, and no longer than its process lives', () => {
  assert.is(isAtWork(makeRunId(soon * 1000)), true)
  assert.is(isAtWork(makeRunId(Date.now() - 2000)), false)
  const { pid } = spawnSync('true')
  assert.is(isAtWork(`0a0a0a0a.${ownerId(pid)}.${soon}`), false)
})

test('of a run on another machine only the deadline is known', () => {
  assert.is(isAtWork(`0a0a0a0a.0a0a0a0a-1.${soon}`), true)
  assert.is(isAtWork(`0a0a0a0a.0a0a0a0a-1.${soon - 1200}`), false)
})

test('what a run says of itself, without the name of the machine', () => {
  const { since, until, ...where } = describeRun(makeRunId(soon * 1000))
  assert.equal(where, { isHere: true, machine: ownerId().split('-')[0], process: `${process.pid}` })
  assert.ok(Math.abs(Date.parse(`${since}`) - Date.now()) < 60_000)
  assert.is(Date.parse(`${until}`), soon * 1000)
  const older = describeRun(`0a0a0a0a.0a0a0a0a-1.${soon}`)
  assert.equal([older.isHere, older.machine, older.since], [false, '0a0a0a0a', undefined])
  assert.is(describeRun('x').until, undefined)
})

test('two runs have different ids', () => assert.is.not(makeRunId(soon), makeRunId(soon)))

test.run()
