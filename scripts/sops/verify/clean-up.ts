import { cleanBranch } from './clean-up/clean-branch.ts'
import { type Clean, cleanCluster, lookAtCluster } from './clean-up/clean-cluster.ts'
import type { Prepared } from './prepare-secret.ts'
import type { Progress, Session } from './session.ts'

/** What is left of a run where it ends. */
export interface CleanedUp {
  /** Whether nothing of it is on the branch. */
  branch: Clean
  /** Whether nothing of it is in the cluster, nor on its way there. */
  cluster: Clean
}

/** Of a run that has pushed nothing, or has come to its end. */
export const clean: CleanedUp = { branch: true, cluster: true }

/**
 * Takes the test Secret off the branch and out of the cluster after a run that did not come to its end. Says what it did. No
 * signal ends it.
 */
export async function cleanUp(
  { options, findings }: Session,
  { onBranch, watching }: Prepared,
  { context, created, removed }: Progress,
): Promise<CleanedUp> {
  const { branch } = onBranch
  if (branch.pushes === 0) return clean
  branch.ignoreSignal()
  const caller = { ...options.caller, signal: new AbortController().signal }
  const isUnsure = !created && branch.isUnsure
  const { tip, wasThere } = removed
    ? { tip: removed, wasThere: true }
    : await cleanBranch(onBranch, { isUnsure, findings, caller })
  // as long as it is on the branch, Flux puts it into the cluster
  if (!tip) return { branch: false, cluster: await lookAtCluster(watching.secret, { context, caller }) }
  if (!created && !wasThere) return clean
  return {
    branch: true,
    cluster: await cleanCluster(watching, { created, gone: tip }, { context, findings, caller }),
  }
}
