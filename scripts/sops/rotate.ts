import type { Report } from '../lib/caller.ts'
import { openCluster } from '../lib/cluster/kubectl.ts'
import { repositoryRoot } from '../lib/git/git.ts'
import { type RotateTaskOptions, readRotateOptions } from './rotate/options.ts'

/**
 * Changes an age key over a repository and its clusters, as far as it can be changed now: the new recipient beside the old one, the new
 * identity in every key Secret, the proof, new data keys without the old recipient, and the old identity out of the clusters. How far it
 * has come is derived each time from what is there.
 *
 * @returns exit code 0: all that can be done now is done, and what comes next is said
 * @throws UserError where it is refused (exit 1) or cannot be done or seen (exit 2). No output holds an identity or a value.
 */
export async function rotate(given: RotateTaskOptions): Promise<Report> {
  const options = readRotateOptions(given)
  const { contexts, noCluster, caller } = options
  const wanted = noCluster ? [] : contexts.length > 0 ? contexts : [undefined]
  const clusters = wanted.map((context) => openCluster(context, caller))
  try {
    const root = await repositoryRoot(caller.cwd, caller.env)
    const repository = { root, env: caller.env, signal: caller.signal }
    // the clusters and git are asked while the rest is loaded
    const { runRotation } = await import('./rotate/run-rotation.ts')
    return await runRotation(repository, clusters, options)
  } finally {
    await Promise.all(clusters.map((cluster) => cluster.close()))
  }
}
