import { gatherEvidence } from '../diagnosis/evidence.ts'
import { readSnapshot } from '../diagnosis/snapshot/read-snapshot.ts'
import type { Caller, Report } from '../lib/caller.ts'
import { openCluster } from '../lib/cluster/kubectl.ts'
import { findRepositoryRoot } from '../lib/git.ts'
import { keyAtHand } from '../lib/sops/key-at-hand.ts'
import { chosen } from './doctor/choice.ts'
import { reportDoctor } from './doctor/report.ts'

/** What the user wants of `flux:doctor`. */
export interface DoctorOptions {
  /** Only what concerns these: `apps` (in flux-system) or `namespace/name`. None: all. */
  kustomizations: readonly string[]
  /** Of the kubeconfig; the current one where `undefined`. */
  context: string | undefined
  /** The only namespace to look into; all where `undefined`. */
  namespace: string | undefined
  /** Name the Kustomizations that each cause stops. */
  names: boolean
  caller: Caller
}

/**
 * Says what is wrong in the cluster, why, and what mends it. Changes nothing, and never prints a value of a Secret.
 * @returns exit code 0: healthy; 1: something is wrong
 * @throws UserError where it could not be checked
 */
export async function doctor(options: DoctorOptions): Promise<Report> {
  const { caller, context, namespace } = options
  const { cwd, env, signal } = caller
  const cluster = openCluster(context, caller)
  try {
    const finding = findRepositoryRoot(cwd, env)
    const [snapshot, root] = await Promise.all([readSnapshot(cluster, namespace), finding])
    const isWanted = chosen(options.kustomizations, snapshot)
    const key = await keyAtHand({ keyFile: undefined, cwd, root, env, signal })
    const repository = root === undefined ? undefined : { root, env, signal }
    const evidence = gatherEvidence(snapshot, repository, key?.identities, { env, signal })
    // what reads a repository takes longer to load than a cluster to answer
    const { diagnose } = await import('../diagnosis/diagnose.ts')
    const all = await diagnose(evidence)
    return reportDoctor(all.filter(isWanted), { snapshot, root, options })
  } finally {
    await cluster.close()
  }
}
