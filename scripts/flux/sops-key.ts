import type { Report } from '../lib/caller.ts'
import { openCluster } from '../lib/cluster/kubectl.ts'
import { findRepositoryRoot } from '../lib/git/git.ts'
import type { SopsKeyOptions } from './sops-key/options.ts'

/**
 * Creates or rotates the Secret that Flux decrypts with, by one server-side apply in each namespace.
 * Nothing is written before every namespace has been checked, and all are written or none.
 *
 * @throws UserError where the key is unusable, the cluster cannot be reached or written to (exit 2), or it is refused to
 *   protect what Flux decrypts (exit 1). No message and no output holds the key.
 */
export async function sopsKey(options: SopsKeyOptions): Promise<Report> {
  const { cwd, env } = options.caller
  const cluster = openCluster(options.context, options.caller)
  try {
    // kubectl and git run, and the cluster is asked, while the rest is loaded
    const [root, { ask }] = await Promise.all([findRepositoryRoot(cwd, env), import('./sops-key/ask.ts')])
    const asked = await ask(cluster, root, options)
    const { putKey } = await import('./sops-key/put-key.ts')
    return await putKey(cluster, asked, options)
  } finally {
    await cluster.close()
  }
}
