import type { Finding } from '../../../../findings/finding.ts'
import { openView } from '../../../../lib/cluster/cluster-view.ts'
import { openCluster } from '../../../../lib/cluster/kubectl.ts'
import type { CanarySession } from './canary.ts'
import type { Canary } from './prepare.ts'
import { removeCanary } from './remove.ts'
import type { CanaryProgress } from './report.ts'

/** How long the removal is tried, in ms. */
const removalLimit = 60_000

/**
 * Removes the canary of a proof that did not come to its end. Says what it did. No signal ends it.
 * @returns what is left
 */
export async function cleanUpCanary(
  { options: { caller, context } }: CanarySession,
  { place, to }: Canary,
  { pushed }: CanaryProgress,
): Promise<Finding[]> {
  if (pushed === undefined) return []
  const { env } = caller
  // the connection of the proof may have ended with it
  const cluster = openCluster(context, { env, signal: undefined })
  const view = openView(cluster)
  caller.status('removing the canary')
  try {
    const left = await removeCanary(place, {
      cluster,
      view,
      to: { ...to, repository: { ...to.repository, signal: undefined } },
      deadline: Date.now() + removalLimit,
      isUnsure: pushed === 'unsure',
    })
    if (left.length === 0) caller.say(`the canary was removed: ${to.given}/${place.branch} and its objects`)
    return left
  } finally {
    caller.status(undefined)
    await view.close()
    await cluster.close()
  }
}
