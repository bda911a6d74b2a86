import { styleText } from 'node:util'
import type { Caller } from '../../lib/caller.ts'
import { UserError } from '../../lib/errors.ts'

/** In the order of a run. */
const stageNames = [
  'checks',
  'create',
  'source',
  'applied',
  'value',
  'remove',
  'removal-applied',
  'pruned',
] as const

/** The name of a stage. */
export type StageName = (typeof stageNames)[number]

/** What came of a stage. */
export interface Stage {
  name: StageName
  status: 'passed' | 'failed' | 'skipped'
  /** When it began, ISO 8601; `undefined` where it was never reached. */
  started?: string
  seconds: number
  /** What it proved, or why it failed, on one line. */
  detail: string
}

/** Runs the stages of a run one after the other. */
export interface Stages {
  /**
   * Runs a stage and says live what it proved and how long it took.
   * @param waiting shown on a terminal while it runs
   * @param proved what it proved, in words
   * @returns what `work` returns
   */
  run<T>(name: StageName, waiting: string, work: () => Promise<T>, proved: (value: T) => string): Promise<T>
  /** All stages, those that were never reached as skipped. */
  all(): Stage[]
}

/** The stages of one run. */
export function makeStages(caller: Caller): Stages {
  const done: Stage[] = []
  const add = (stage: Stage) => {
    done.push(stage)
    caller.say(lineOf(stage))
  }
  return {
    async run(name, waiting, work, proved) {
      const start = performance.now()
      const started = new Date().toISOString()
      const seconds = () => Math.round(performance.now() - start) / 1000
      caller.status(waiting)
      try {
        const value = await work()
        add({ name, status: 'passed', started, seconds: seconds(), detail: proved(value) })
        return value
      } catch (error) {
        const [detail = ''] = error instanceof UserError ? error.message.split('\n') : ['internal error']
        add({ name, status: 'failed', started, seconds: seconds(), detail })
        throw error
      } finally {
        caller.status(undefined)
      }
    },
    all: () =>
      stageNames.map(
        (name) =>
          done.find((stage) => stage.name === name) ?? { name, status: 'skipped', seconds: 0, detail: '' },
      ),
  }
}

function lineOf({ name, status, seconds, detail }: Stage): string {
  return stageLine({ name, isPassed: status === 'passed', seconds, detail })
}

/** A stage on one line. The columns have a width of their own, for a line is said before those behind it are known. */
export function stageLine({
  name,
  isPassed,
  seconds,
  detail,
}: {
  name: string
  isPassed: boolean
  seconds: number
  detail: string
}): string {
  const [color, sign] = isPassed ? (['green', '✓'] as const) : (['red', '✗'] as const)
  const mark = styleText(color, sign, { stream: process.stdout })
  return `${mark} ${name.padEnd(15)} ${`${seconds.toFixed(2)} s`.padStart(8)}  ${detail}`
}
