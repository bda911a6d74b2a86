import { finding } from '../../../findings/finding.ts'
import { secretOf } from '../../../findings/key-secret.ts'
import { heldStatus } from '../clusters/judge.ts'
import { copiesBehind, copyBehind, isKeeperBehind } from '../clusters/keeper-behind.ts'
import { proofOf } from '../clusters/proof.ts'
import { retire } from '../clusters/retire.ts'
import { refuseFor } from '../refusal.ts'
import { judgeOptions, type RotationRun, readClustersAgain, readStandAgain } from '../run.ts'
import { isFromGit, planGitKeys, withoutGitKeys, withoutOne } from './git-keys.ts'
import { requireProofs, requireRoots, requireSeen } from './prove.ts'
import { proveValues } from './prove-values.ts'
import { commitSubjects } from './write-edits.ts'
import { writeStage, writtenAsText } from './write-stage.ts'

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
  await requireRoots(run)
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
  const clusters = withoutGitKeys(run.stand.survey.clusters, run.stand.gitKeys)
  const { timeout, caller } = options
  const { findings, changes } = await retire(clusters, rotation, {
    ...judgeOptions(survey, options),
    timeout,
    status: caller.status,
  })
  refuseFor(
    findings.map((found) => found.finding),
    run,
  )
  run.stand = await readStandAgain(run, await readClustersAgain(run))
  const values = await proveValues(run)
  log.tell('retire', 'done', `the old identity is out of ${names.join(', ')}; ${values}`, since)
  // what is left then is a copy, which its tool makes anew
  return changes.length > 0
}

/** Takes the old identity out of the key Secrets in git, after every cluster has proved that nothing needs it. */
export async function retireInGit(run: RotationRun): Promise<boolean> {
  const { rotation, log } = run
  const since = performance.now()
  requireSeen(run)
  if (run.stand.survey.clusterError) throw run.stand.survey.clusterError
  await requireRoots(run)
  await requireProofs(run, ({ cutOverProof }) => [cutOverProof])
  const { survey, gitKeys } = run.stand
  const planned = await planGitKeys(
    gitKeys,
    [],
    withoutOne(rotation.old),
    survey.ring.identities,
    survey.repository,
  )
  const written = await writeStage(run, { ...planned, left: [] }, commitSubjects.retire)
  if (!written) return false
  log.tell('retire', 'done', `the old identity out of the key Secret in ${writtenAsText(written)}`, since)
  run.stand = await readStandAgain(run)
  return true
}

/**
 * Waits until Flux has applied the key Secrets that were pushed, and the tools have made their copies anew.
 * @throws UserError (exit 1) where it does not
 */
export async function waitForApplied(run: RotationRun): Promise<boolean> {
  const { stand, rotation, options } = run
  const asked = judgeOptions(stand.survey, options)
  await requireProofs(run, ({ cutOverProof }, cluster) => {
    const late = [...cluster.secrets.values()].filter(
      (secret) => isFromGit(secret, stand.gitKeys) && ['old', 'both'].includes(heldStatus(secret, rotation)),
    )
    const waiting = late.filter((secret) => isKeeperBehind(secret, cluster, asked))
    const found = late.map(({ id }) => finding('key-secret-not-applied', { object: secretOf(id) }, {}))
    const copies = copiesBehind(cluster, rotation.old).map(copyBehind)
    return [cutOverProof, proofOf('P5', [...found, ...copies], waiting.length + copies.length)]
  })
  run.stand = await readStandAgain(run, await readClustersAgain(run))
  return true
}
