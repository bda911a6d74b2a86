import { chosenIds } from '../../diagnosis/choice.ts'
import { gatherEvidence } from '../../diagnosis/evidence.ts'
import { readSnapshot } from '../../diagnosis/snapshot/read-snapshot.ts'
import type { Comparison } from '../../diagnosis/values/compared.ts'
import type { Caller, Report } from '../../lib/caller.ts'
import { openCluster } from '../../lib/cluster/kubectl.ts'
import { UserError } from '../../lib/errors.ts'
import { findRepositoryRoot } from '../../lib/git/git.ts'
import { requireIdentities } from '../../lib/sops/key.ts'
import { targetId } from './checks/target-id.ts'
import { openEvidence } from './evidence/evidence-file.ts'
import { existingEvidence } from './evidence/existing-evidence.ts'
import { existingReport } from './existing/report.ts'

/** What the user wants of `sops:verify --existing`. */
export interface ExistingOptions {
  /** As `targetId` takes it; all where `undefined`. */
  kustomization: string | undefined
  /** The only namespace to look into; all where `undefined`. */
  namespace: string | undefined
  /** File with the age private key, or `-`; where `undefined`, one that is found. */
  keyFile: string | undefined
  /** Of the kubeconfig; the current one where `undefined`. */
  context: string | undefined
  /** Absolute path of the file for what was proved. */
  evidence: string | undefined
  caller: Caller
}

/**
 * Proves without a push that what is encrypted in the repository has arrived decrypted: the encrypted Secrets and ConfigMaps
 * of the applied revisions are decrypted in memory and compared with those in the cluster, by digest. It changes nothing.
 * @returns exit code 0: all are the same; 1: one is different, ciphertext or missing; 2: one could not be compared, or there is
 *   none. Never prints a value.
 * @throws UserError where nothing could be compared
 */
export async function verifyExisting(options: ExistingOptions): Promise<Report> {
  const { caller, context, namespace, kustomization } = options
  const { cwd, env, signal } = caller
  const started = new Date()
  const evidenceFile = openEvidence(options.evidence, caller)
  const root = await findRepositoryRoot(cwd, env)
  if (root === undefined)
    throw new UserError('this is no git repository', {
      hint: 'run it in a clone of the repository that Flux follows',
    })
  const repository = { root, env, signal }
  const cluster = openCluster(context, caller)
  try {
    caller.status('comparing the cluster with the repository')
    const [snapshot, { identities }] = await Promise.all([
      readSnapshot(cluster, namespace),
      requireIdentities({ keyFile: options.keyFile, cwd, ...repository }),
    ])
    const only =
      kustomization === undefined
        ? undefined
        : new Set(chosenIds([await targetId(kustomization, async () => repository, cwd)], snapshot))
    const { compareValues } = await import('../../diagnosis/values/compare-values.ts')
    const evidence = gatherEvidence(snapshot, repository, identities, { env, signal })
    const comparison: Comparison = await compareValues(evidence, identities, only)
    const report = existingReport(comparison, { snapshot, root, cwd })
    return evidenceFile.write(report, (result) => existingEvidence(comparison, snapshot, { started, result }))
  } finally {
    caller.status(undefined)
    await cluster.close()
  }
}
