import type { Finding } from '../../../findings/finding.ts'
import type { Caller } from '../../../lib/caller.ts'
import { openView } from '../../../lib/cluster/cluster-view.ts'
import { idOf } from '../../../lib/cluster/flux-objects.ts'
import { openCluster } from '../../../lib/cluster/kubectl.ts'
import { UserError } from '../../../lib/errors.ts'
import type { ClusterSecret } from '../checks/cluster-secret.ts'
import { leftSecret } from '../findings/secret.ts'
import { type Watching, watchFlux } from '../wait/watching.ts'
import { factsOf, lookForSecret } from './left.ts'
import { type Leaving, waitUntilGone } from './pruning.ts'

/** How long Flux may take to prune the test Secret, in ms. */
const pruneLimit = 60_000

/** Whether a place holds nothing of this run any more. */
export type Clean = boolean | 'unknown'

/**
 * Has Flux take the test Secret of a run out of the cluster, and waits for that, for a bounded time. Says so.
 * @param findings is told of what is left, or is not known
 */
export async function cleanCluster(
  before: Watching,
  leaving: Leaving,
  { context, findings, caller }: { context: string | undefined; findings: Finding[]; caller: Caller },
): Promise<Clean> {
  const { target, secret } = before
  const object = `secret ${secret.namespace}/${secret.name}`
  // the connection of the run may have ended with it
  const cluster = openCluster(context, { env: caller.env })
  const view = openView(cluster)
  const known = [...target.chain].map((link) => before.kustomizations.objects.get(idOf(link)) ?? link)
  const watching: Watching = {
    ...before,
    ...watchFlux(view, { ...target, chain: known }),
    cluster,
    view,
    findings: [],
    deadline: Date.now() + pruneLimit,
  }
  caller.say(`waiting up to ${pruneLimit / 1000} s until Flux has taken ${object} out of the cluster`)
  caller.status(`waiting for ${object} to be pruned`)
  try {
    const left = await waitUntilGone(watching, leaving)
    if (left) findings.push(leftSecret(left))
    else caller.say(`${object} is gone from the cluster`)
    return left ? (left.isThere ? false : 'unknown') : true
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    findings.push(leftSecret({ ...factsOf(watching), isThere: false, why: error.message }))
    return 'unknown'
  } finally {
    caller.status(undefined)
    await view.close()
    await cluster.close()
  }
}

/** Looks once whether the test Secret is in a cluster that goes on getting it. @returns never true, for it can still arrive */
export async function lookAtCluster(
  secret: ClusterSecret,
  { context, caller }: { context: string | undefined; caller: Caller },
): Promise<Clean> {
  const cluster = openCluster(context, { env: caller.env })
  try {
    return typeof (await lookForSecret({ cluster, secret })) === 'object' ? false : 'unknown'
  } finally {
    await cluster.close()
  }
}
