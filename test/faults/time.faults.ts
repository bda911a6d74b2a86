import { setTimeout as sleep } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import type { Started } from '../helpers/program.ts'
import { defineCells, type Fault } from './cell.ts'

const timeouts = [12, 40, 100]

/** How long a run may take until it looks at the clock, in ms. */
const startLimit = 4_000

const late: Fault = {
  name: 'an expired timeout',
  sample: ['applied'],
  calls: timeouts.map((seconds) => ['--timeout', `${seconds}s`]),
  async strike({ args, at }) {
    // its own clock begins when it has started
    await sleep(at + Number.parseInt(`${args[1]}`, 10) * 1000 + startLimit - Date.now())
    return undefined
  },
  lasts: 0,
  codes: () => [1, 2],
  async also({ stage, place }) {
    if (stage === 'checks')
      assert.is(await place.tip(), await place.git('rev-parse', 'HEAD'), 'it has pushed')
  },
}

const seconds = new WeakMap<Started, number | null>()

const together: Fault = {
  name: 'a second run',
  sample: ['create', 'value'],
  strike({ place, started }) {
    const second = place.start(['--json'])
    return async () => {
      const ended = await second.ended
      place.checkOutput(ended)
      assert.ok([0, 2].includes(ended.code ?? -1), `${ended.stdout}${ended.stderr}`)
      seconds.set(started, ended.code)
    }
  },
  lasts: 3_000,
  codes: () => [0, 2],
  async also({ started }, { code, stderr }) {
    assert.ok([code, seconds.get(started)].includes(0), `neither proves\n${stderr}`)
  },
}

defineCells([late, together])
