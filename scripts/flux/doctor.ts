import { chosen } from '../diagnosis/choice.ts'
import type { Diagnosis } from '../diagnosis/diagnosis.ts'
import { gatherEvidence } from '../diagnosis/evidence.ts'
import { tabulateRecipients } from '../diagnosis/keys/recipient-table.ts'
import { readSnapshot } from '../diagnosis/snapshot/read-snapshot.ts'
import type { Snapshot } from '../diagnosis/snapshot/snapshot.ts'
import { finding } from '../findings/finding.ts'
import type { Caller, Report } from '../lib/caller.ts'
import { type Cluster, openCluster } from '../lib/cluster/kubectl.ts'
import { parseDuration } from '../lib/duration.ts'
import { UserError } from '../lib/errors.ts'
import { findRepositoryRoot } from '../lib/git/git.ts'
import type { Identity } from '../lib/sops/age.ts'
import { keyAtHand } from '../lib/sops/key.ts'
import type { DoctorOptions } from './doctor/options.ts'
import { reportDoctor } from './doctor/report.ts'

/**
 * Says what is wrong in the cluster, why, and what mends it. Changes nothing, and never prints a value of a Secret.
 * @returns exit code 0: healthy; 1: something is wrong
 * @throws UserError where it could not be checked
 */
export async function doctor(options: DoctorOptions): Promise<Report> {
  const { caller, context, namespace } = options
  const { cwd, env, signal } = caller
  const wait = options.wait === undefined ? undefined : parseDuration(options.wait, 'wait')
  const cluster = openCluster(context, caller)
  try {
    const isSettled = wait === undefined || (await settle(cluster, wait, options))
    const searching = findRepositoryRoot(cwd, env)
    const [snapshot, root] = await Promise.all([readSnapshot(cluster, namespace), searching])
    if (snapshot.kustomizations.size === 0) throw noKustomization(snapshot)
    const isWanted = chosen(options.kustomizations, snapshot)
    const identities = await identitiesAtHand(root, caller)
    const repository = root === undefined ? undefined : { root, env, signal }
    const evidence = gatherEvidence(snapshot, repository, identities, { env, signal })
    // what reads a repository takes longer to load than a cluster to answer
    const { diagnose } = await import('../diagnosis/diagnose.ts')
    const [all, recipients] = await Promise.all([diagnose(evidence), tabulateRecipients(evidence)])
    const wanted = all.filter(isWanted)
    const told = isSettled ? wanted : [notSettled(snapshot, options), ...wanted]
    return reportDoctor(told, { snapshot, recipients, root, options })
  } finally {
    await cluster.close()
  }
}

async function settle(
  cluster: Cluster,
  wait: number,
  { namespace, caller: { status } }: DoctorOptions,
): Promise<boolean> {
  const { waitUntilSettled } = await import('./doctor/settle.ts')
  status('waiting until Flux has come to its end')
  try {
    return await waitUntilSettled(cluster, namespace, Date.now() + wait)
  } finally {
    status(undefined)
  }
}

function notSettled({ context }: Snapshot, { wait }: DoctorOptions): Diagnosis {
  return { finding: finding('not-settled', { object: `context ${context}` }, { wait: `${wait}` }), stops: [] }
}

function noKustomization({ context, namespace }: Snapshot): UserError {
  const where = namespace === undefined ? '' : ` in namespace ${namespace}`
  return new UserError(`there is no Kustomization${where} of context ${context}`, {
    hint: 'is this the right cluster, and is Flux installed? `flux check`',
  })
}

/** A key that cannot be used is no reason to say nothing: much is known without one. */
async function identitiesAtHand(
  root: string | undefined,
  { cwd, env, signal, note }: Caller,
): Promise<readonly Identity[] | undefined> {
  try {
    return (await keyAtHand({ keyFile: undefined, cwd, root, env, signal }))?.identities
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    note(`the key at hand is not used: ${error.message}`)
    return undefined
  }
}
