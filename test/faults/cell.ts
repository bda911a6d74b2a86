import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Place, withPlace } from '../helpers/flux/verify.ts'
import type { Ended, Started } from '../helpers/program.ts'
import { type Before, before, checkClean, checkReport, type Truth, truthOf, watchSecret } from './check.ts'
import { type Moment, momentIn, type Stage, stages } from './moments.ts'
import { startWork } from './user-state.ts'

/** How long a run may take to its end after the fault, in ms. */
const patience = 300_000

/** What happens to a run in a stage. */
export interface Fault {
  name: string
  /** The stages that belong to the sample. */
  sample?: readonly Stage[]
  /** The place of the run; `withPlace` where it is not given. */
  within?: (use: (place: Place) => Promise<void>) => Promise<void>
  /** Options of the run. Where it ends before it gets to the stage, the next ones are tried. */
  calls?: readonly (readonly string[])[]
  /** Lets it happen. @returns ends it */
  strike(scene: Scene): Promise<Undo> | Undo
  /** When it is ended: so long after the stage went on, in ms, or when the run has ended. */
  lasts: number | 'to the end'
  /** The exit codes that are right. */
  codes(stage: Stage): readonly (number | 'killed')[]
  /** The code of the first finding, where one is certain. */
  finding?: string
  /** The document of the run can't be read. */
  isUnread?: boolean
  /** What is to be true besides. */
  also?(scene: Scene, ended: Ended): Promise<void>
}

type Undo = (() => unknown) | undefined

export interface Scene {
  place: Place
  stage: Stage
  started: Started
  /** The options of the run. */
  args: readonly string[]
  /** When it was started. */
  at: number
  /** What is to be true again. A fault that changes that says so here. */
  was: Before
}

/** Whether a run is asked for: all are, or a sample, or those whose name holds a text. */
export function isWanted(name: string, isSample: boolean): boolean {
  const { TEST_FAULTS_SAMPLE, TEST_FAULTS_CELL = '' } = process.env
  return (isSample || !TEST_FAULTS_SAMPLE) && name.includes(TEST_FAULTS_CELL)
}

/** Defines a test for each fault in each stage, as far as they are wanted, and runs all tests of the file. */
export function defineCells(faults: readonly Fault[]): void {
  for (const fault of faults) {
    for (const stage of stages) {
      const name = `${fault.name} in ${stage}`
      if (isWanted(name, fault.sample?.includes(stage) ?? false)) test(name, () => runCell(fault, stage))
    }
  }
  test.run()
}

async function runCell(fault: Fault, stage: Stage): Promise<void> {
  const within = fault.within ?? withPlace
  const calls = fault.calls ?? [[]]
  for (const [index, args] of calls.entries()) {
    let isMissed = false
    await within(async (place) => {
      await startWork(place)
      const was = await before(place)
      const moment = momentIn(place, stage)
      const started = start(place, moment, args)
      const scene = { place, stage, started, args, at: Date.now(), was }
      try {
        await moment.reached(started)
      } catch (error) {
        isMissed = index < calls.length - 1
        if (!isMissed) throw error
        return
      } finally {
        if (isMissed) await moment.go()
      }
      const ended = await strike(fault, scene, moment)
      await check(fault, scene, ended)
    })
    if (!isMissed) return
  }
}

function start(place: Place, moment: Moment, args: readonly string[]): Started {
  const at = Object.fromEntries(stages.map((stage) => [stage, () => moment.passed(stage)]))
  return place.start(['--json', ...args], { at, env: { ...place.env, ...moment.env } })
}

async function strike(fault: Fault, scene: Scene, moment: Moment): Promise<Ended> {
  const undo = await fault.strike(scene)
  // it may need what the fault has stopped
  const going = moment.go()
  going.catch(() => {})
  if (fault.lasts !== 'to the end') {
    await sleep(fault.lasts)
    await undo?.()
  }
  await going
  const { child, ended } = scene.started
  const timer = setTimeout(() => child.kill('SIGKILL'), patience)
  try {
    return await ended
  } finally {
    clearTimeout(timer)
    if (fault.lasts === 'to the end') await undo?.()
  }
}

async function check(fault: Fault, scene: Scene, ended: Ended): Promise<void> {
  const { place, stage, was } = scene
  const codes = fault.codes(stage)
  const watch = watchSecret(place)
  const truth = await truthOf(place)
  if (codes.includes('killed')) {
    assert.is(ended.code, null)
    place.checkOutput(ended)
  } else {
    checkReport(place, ended, truth, { codes: codes.map(Number), isJson: !fault.isUnread })
    if (fault.finding) assert.is(JSON.parse(ended.stdout).findings[0]?.code, fault.finding, ended.stderr)
  }
  await fault.also?.(scene, ended)
  process.stdout.write(`     ${fault.name} in ${stage}: ${outcomeOf(ended, truth)}\n`)
  const isClean = truth.branch && truth.cluster && !codes.includes('killed')
  if (isClean) await place.applied('infrastructure', await place.tip())
  await watch.end()
  if (isClean)
    assert.is(watch.changes(), 0, `the test Secret came to the cluster after the end\n${ended.stderr}`)
  else {
    const next = await place.verify()
    assert.is(next.code, 0, `the next run does not prove\n${next.stdout}${next.stderr}`)
  }
  await checkClean(place, was)
}

/** What came of a run, on one line. */
function outcomeOf({ code, stdout }: Ended, { branch, cluster }: Truth): string {
  const [, reason] = /"findings": \[\s*\{\s*"code": "(.*?)"/.exec(stdout) ?? []
  const places = Object.entries({ branch, cluster })
  const left = places.filter(([, isClean]) => !isClean).map(([name]) => name)
  const end = code === null ? 'killed' : `exit ${code}`
  return [end, reason, left.length > 0 && `left: ${left.join(', ')}`].filter(Boolean).join(', ')
}
