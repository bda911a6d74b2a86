import { findRoots } from '../../diagnosis/chain/roots.ts'
import { nodeStatesOf } from '../../diagnosis/chain/state.ts'
import { readSnapshot } from '../../diagnosis/snapshot/read-snapshot.ts'
import { openView } from '../../lib/cluster/cluster-view.ts'
import { type Kustomization, kustomizations } from '../../lib/cluster/flux-objects.ts'
import type { Cluster } from '../../lib/cluster/kubectl.ts'

/** How long nothing may have changed until the cluster is read, in ms: it changes in bursts. */
const burst = 300

/** How long nothing may have changed until it is taken for the end, in ms: a controller begins again sooner than that. */
const quiet = 5_000

/**
 * Waits until Flux has come to its end with all Kustomizations: all are as they should be, or some fail and nothing moves any more.
 * @param namespace the only one that is looked into; all where `undefined`
 * @param deadline in ms since the epoch
 * @returns whether it has come to its end by then
 * @throws KubectlError; the reason of the cluster's signal
 */
export async function waitUntilSettled(
  cluster: Cluster,
  namespace: string | undefined,
  deadline: number,
): Promise<boolean> {
  const view = openView(cluster)
  try {
    let changed = Date.now()
    const seen = () => {
      changed = Date.now()
    }
    view.watch<Kustomization>('cannot watch the Kustomizations', kustomizations, { namespace }, { seen })
    const settled = await view.until(async () => {
      if (Date.now() - changed < burst) return undefined
      const states = nodeStatesOf(await readSnapshot(cluster, namespace))
      const codes = [...states.values()].map(({ code }) => code)
      // where nothing is yet, something is to come
      if (codes.length > 0 && codes.every((code) => code === 'healthy' || code === 'suspended')) return true
      const isAtWork = codes.some((code) => code === 'at-work' || code === 'silent') || awaitsHealthy(states)
      return (codes.length > 0 && !isAtWork && Date.now() - changed >= quiet) || undefined
    }, deadline)
    return settled === true
  } finally {
    await view.close()
  }
}

/** Whether something waits for what is there by now, so that the controller goes on with it. */
function awaitsHealthy(states: ReturnType<typeof nodeStatesOf>): boolean {
  const told = new Set(findRoots(states).flatMap(({ stops }) => stops))
  return [...states].some(
    ([node, { code }]) => code === 'waits' && !told.has(node.slice(node.indexOf(' ') + 1)),
  )
}
