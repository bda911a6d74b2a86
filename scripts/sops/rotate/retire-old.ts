import { exit } from '../../lib/errors.ts'
import { refusalOf } from './begin.ts'
import { retire } from './clusters/retire.ts'
import { requireProofs, requireSeen } from './prove.ts'
import { proveValues } from './prove-values.ts'
import { judgeOptions, type RotationRun, readClustersAgain, readStandAgain } from './run.ts'

/**
 * Takes the old identity out of the key Secrets of all clusters, after each has proved that nothing needs it, and proves afterwards
 * that they decrypt with what is left.
 * @returns whether there may be another step
 * @throws UserError (exit 1) where something needs it, or it was put back
 */
export async function retireOld(run: RotationRun): Promise<boolean> {
  const { options, rotation, log } = run
  requireSeen(run)
  const { survey } = run.stand
  if (survey.clusterError) throw survey.clusterError
  await requireProofs(run, ({ secretsProof, cutOverProof }) => [secretsProof, cutOverProof])
  const names = run.stand.judgements.flatMap(({ context, secrets }) =>
    secrets.flatMap(({ status, namespace, name }) =>
      status === 'both' ? [`${namespace}/${name} (${context})`] : [],
    ),
  )
  if (options.dryRun) {
    for (const name of names) options.caller.say(`the old identity would be taken out of secret ${name}`)
    return false
  }
  const since = performance.now()
  const { clusters } = run.stand.survey
  const { timeout, caller } = options
  const { findings } = await retire(clusters, rotation, {
    ...judgeOptions(survey, options),
    timeout,
    status: caller.status,
  })
  if (findings.length > 0)
    throw refusalOf(
      findings.map(({ finding }) => finding),
      survey,
      options,
      exit.no,
    )
  run.stand = await readStandAgain(run, await readClustersAgain(run))
  const values = await proveValues(run)
  log.tell('retire', 'done', `the old identity is out of ${names.join(', ')}; ${values}`, since)
  return true
}
