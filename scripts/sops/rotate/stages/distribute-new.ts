import { distribute } from '../clusters/distribute.ts'
import { refuseFor, sayFinding } from '../refusal.ts'
import { type RotationRun, readClustersAgain, readStandAgain, requireNext, unprovedUsers } from '../run.ts'
import { withoutGitKeys } from './git-keys.ts'

/**
 * Puts the new identity beside the old one into the key Secrets of all clusters.
 * @returns whether there may be another step
 * @throws UserError (exit 1) where a Secret is kept by somebody else
 */
export async function distributeNew(run: RotationRun): Promise<boolean> {
  const { options, rotation, log, stand } = run
  const since = performance.now()
  const clusters = withoutGitKeys(stand.survey.clusters, stand.gitKeys)
  const next = requireNext(run)
  // where no file lists the old one, nothing was shared before
  if (!options.dryRun) await next.keep()
  const { changes, findings } = await distribute(clusters, rotation, next.identity, {
    dryRun: options.dryRun,
    guard: { timeout: options.timeout, status: options.caller.status },
  })
  const names = changes.map(({ context, id }) => `${id.namespace}/${id.name} (${context})`)
  if (options.dryRun) {
    for (const name of names) options.caller.say(`the new identity would be put into secret ${name}`)
    return false
  }
  if (names.length > 0)
    log.tell('distribute', 'done', `the new identity beside the old one in ${names.join(', ')}`, since)
  refuseFor(
    findings.map(({ finding }) => finding),
    run,
  )
  for (const found of unprovedUsers(stand.judgements)) sayFinding(found, run)
  run.stand = await readStandAgain(run, await readClustersAgain(run))
  // what is left then is a copy, which its tool makes anew
  return changes.length > 0
}
