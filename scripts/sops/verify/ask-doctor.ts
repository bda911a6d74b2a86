import { chosen } from '../../diagnosis/choice.ts'
import type { Diagnosis } from '../../diagnosis/diagnosis.ts'
import { gatherEvidence } from '../../diagnosis/evidence.ts'
import { readSnapshot } from '../../diagnosis/snapshot/read-snapshot.ts'
import { idOf } from '../../lib/cluster/flux-objects.ts'
import { openCluster } from '../../lib/cluster/kubectl.ts'
import { findRepositoryRoot } from '../../lib/git/git.ts'
import type { Progress, Session } from './session.ts'

/** What the doctor says of a Kustomization. */
export interface DoctorAnswer {
  /** The worst first. */
  diagnoses: readonly Diagnosis[]
  /** Of the repository, absolute; `undefined` outside of one. */
  root: string | undefined
}

/** Of a run that had no need to ask. */
export const nothingSaid: DoctorAnswer = { diagnoses: [], root: undefined }

/**
 * Asks the doctor what is wrong with the Kustomization that a run works with, as the cluster is at this moment.
 * @returns nothing where it cannot say: a run that has failed has its own words already
 */
export async function askDoctor({ options }: Session, { context, target }: Progress): Promise<DoctorAnswer> {
  if (!target) return nothingSaid
  const { cwd, env, note } = options.caller
  // the one of the caller may be what has ended the run
  const { signal } = new AbortController()
  const cluster = openCluster(context, { env, signal, note })
  try {
    const [snapshot, root] = await Promise.all([
      readSnapshot(cluster, target.seesAll ? undefined : target.kustomization.metadata.namespace),
      findRepositoryRoot(cwd, env),
    ])
    const repository = root === undefined ? undefined : { root, env, signal }
    const { diagnose } = await import('../../diagnosis/diagnose.ts')
    const found = await diagnose(gatherEvidence(snapshot, repository, undefined, { env, signal }))
    return { diagnoses: found.filter(chosen([idOf(target.kustomization)], snapshot)), root }
  } catch {
    return nothingSaid
  } finally {
    await cluster.close()
  }
}
