import { styleText } from 'node:util'
import type { Caller } from '../../lib/caller.ts'

export interface Stage {
  name: StageName
  status: 'passed' | 'failed' | 'skipped'
  seconds: number
  detail: string
}

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
export type StageName = (typeof stageNames)[number]

export interface Stages {
  /**
   * Runs a stage and says live what it proved and how long it took.
   * @param waiting shown on a terminal while it runs
   * @param work returns what was proved, in words, and a value for the caller
   */
  run<T>(name: StageName, waiting: string, work: () => Promise<{ detail: string; value: T }>): Promise<T>
  /** All stages, those that were never reached as skipped. */
  all(): Stage[]
}

/** The stages of one run. */
export function makeStages(caller: Caller): Stages {
  const done: Stage[] = []
  const add = (stage: Stage) => {
    done.push(stage)
    const mark =
      stage.status === 'passed'
        ? styleText('green', '✓', { stream: process.stdout })
        : styleText('red', '✗', { stream: process.stdout })
    caller.say(
      `${mark} ${stage.name.padEnd(15)} ${`${stage.seconds.toFixed(2)} s`.padStart(8)}  ${stage.detail}`,
    )
  }
  return {
    async run(name, waiting, work) {
      const start = performance.now()
      const seconds = () => Math.round(performance.now() - start) / 1000
      caller.status(waiting)
      try {
        const { detail, value } = await work()
        add({ name, status: 'passed', seconds: seconds(), detail })
        return value
      } catch (error) {
        add({
          name,
          status: 'failed',
          seconds: seconds(),
          detail:
            error instanceof Error && 'exitCode' in error
              ? (error.message.split('\n')[0] ?? '')
              : 'internal error',
        })
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
