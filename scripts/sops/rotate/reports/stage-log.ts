import type { Caller } from '../../../lib/caller.ts'
import { stageLine } from '../../verify/stages.ts'
import type { RotationStage } from '../options.ts'
import { rotationStages } from '../options.ts'

/** What came of a stage in this run. */
export type StageStatus = 'done' | 'open'

/** A stage, for people and programs. */
export interface StageResult {
  name: RotationStage
  status: StageStatus
  /** What was seen or done, on one line; empty for one that is not reached. */
  evidence: string
  /** How long it took in this run, in seconds. */
  seconds: number
}

/** Says live what comes of the stages, and remembers it. */
export interface StageLog {
  /** Says what came of a stage; the last that is said of one counts. @param since `performance.now()` of its beginning */
  tell(name: RotationStage, status: StageStatus, evidence: string, since?: number): void
  /** All stages in their order. */
  all(): StageResult[]
}

/** The stages of one run. */
export function makeStageLog(caller: Pick<Caller, 'say'>): StageLog {
  const told = new Map<RotationStage, StageResult>()
  return {
    tell(name, status, evidence, since) {
      const seconds = since === undefined ? 0 : Math.round(performance.now() - since) / 1000
      const before = told.get(name)
      if (before?.status === status && before.evidence === evidence) return
      told.set(name, { name, status, evidence, seconds })
      caller.say(stageLine({ name, isPassed: status === 'done', seconds, detail: evidence }))
    },
    all: () =>
      rotationStages.map((name) => told.get(name) ?? { name, status: 'open', evidence: '', seconds: 0 }),
  }
}
