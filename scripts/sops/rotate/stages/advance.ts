import { type RotationStage, rotationStages } from '../options.ts'
import { sayFinding } from '../refusal.ts'
import { identitiesLeft, type RotationRun, readStandAgain, requireNext } from '../run.ts'
import { nextStep, type RotationStep } from '../standing.ts'
import { distributeNew } from './distribute-new.ts'
import { besideOldOne, withGitKeys, withoutOne } from './git-keys.ts'
import { planCutOver, planShare } from './plan-edits.ts'
import { proveShare } from './prove.ts'
import { requireProofRights } from './prove-values.ts'
import { requireReadableKey } from './readable-key.ts'
import { retireInGit, retireOld, waitForApplied } from './retire-old.ts'
import { commitSubjects } from './write-edits.ts'
import { requireMerged, requirePulled, writeStage, writtenAsText } from './write-stage.ts'

/** Where a run ends, and why. */
export interface RunEnd {
  step: RotationStep
  /** The stage that it belongs to. */
  of: RotationStage
}

/**
 * Goes as far as it can: until people have to commit or to push, until `--to`, or to the end.
 * @param run its stand is brought up to date
 * @throws UserError where it may not go on (exit 1), or it cannot be seen whether it may (exit 2)
 */
export async function advanceRotation(run: RotationRun): Promise<RunEnd> {
  requireMerged(run)
  const isProving = rotationStages.indexOf(run.options.to) >= rotationStages.indexOf('prove')
  if (isProving && nextStep(run.stand.standing).step !== 'done') await requireProofRights(run)
  for (;;) {
    const end = nextStep(run.stand.standing)
    if (!(await go(run, end))) return end
  }
}

/** @returns whether there may be another step */
async function go(run: RotationRun, { step, of }: RunEnd): Promise<boolean> {
  const { options, stand } = run
  // the proof is the first half of the cut-over
  const first = step === 'cut-over' ? 'prove' : of
  if (rotationStages.indexOf(first) > rotationStages.indexOf(options.to)) return false
  switch (step) {
    case 'pull':
      requirePulled(run)
      return false
    case 'share':
      return share(run)
    case 'distribute':
      return distributeNew(run)
    case 'cut-over':
      return cutOver(run)
    case 'retire':
      return retireOld(run)
    case 'retire-in-git':
      return retireInGit(run)
    case 'wait':
      return waitForApplied(run)
    case 'done':
      if (stand.survey.clusterError) throw stand.survey.clusterError
      return false
    default:
      return false
  }
}

async function share(run: RotationRun): Promise<boolean> {
  const { stand, rotation, log } = run
  const next = requireNext(run)
  const since = performance.now()
  requireReadableKey(run)
  const { survey, states } = stand
  const { repository, places, ring } = survey
  const shared = await planShare({ repository, places, states, identities: ring.identities }, rotation)
  const planned = await withGitKeys(stand, shared, besideOldOne(rotation, next.identity))
  const written = await writeStage(run, planned, commitSubjects.share, next.keep)
  if (!written) return false
  log.tell('share', 'done', `the new public key beside the old one in ${writtenAsText(written)}`, since)
  for (const found of next.notes()) sayFinding(found, run)
  run.stand = await readStandAgain(run)
  return true
}

async function cutOver(run: RotationRun): Promise<boolean> {
  const { options, rotation, log } = run
  if (!options.dryRun) await proveShare(run)
  if (options.to === 'prove') return false
  // others may have pushed meanwhile
  if (nextStep(run.stand.standing).step !== 'cut-over') return true
  const since = performance.now()
  const { survey, states } = run.stand
  const { repository, places } = survey
  const grounds = { repository, places, states, identities: identitiesLeft(run) }
  const { rewrap, caller } = options
  caller.status('making new data keys')
  const { isLimited } = run.stand.standing
  const cut = await planCutOver(grounds, rotation.old, { rewrap, isLimited }).finally(() =>
    caller.status(undefined),
  )
  // what no Kustomization applies is for a cluster that is made anew
  const planned = await withGitKeys(
    run.stand,
    cut,
    withoutOne(rotation.old, ({ isApplied }) => !isApplied),
  )
  const written = await writeStage(run, planned, commitSubjects['cut-over'])
  if (!written) return false
  log.tell(
    'cut-over',
    'done',
    `new data keys, and the old public key out of ${writtenAsText(written)}`,
    since,
  )
  run.stand = await readStandAgain(run)
  return true
}
