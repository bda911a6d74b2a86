import { conditionOf, gitRepositories, idOf } from '../../../lib/cluster/flux-objects.ts'
import { saidBy } from '../findings/condition.ts'
import { failed } from '../findings/verdict.ts'
import { requestReconcile } from './reconcile.ts'
import type { Watching } from './watching.ts'

/** Waits until the source has fetched a commit. @throws Verdict where it cannot, or the time is over */
export async function waitForSource(watching: Watching, commit: string): Promise<void> {
  const { view, branch, sources, target, deadline } = watching
  const id = idOf(target.source)
  const object = `gitrepository ${id}`
  const request = await requestReconcile(watching, gitRepositories, target.source)
  const found = await view.until(async () => {
    const source = sources.objects.get(id)
    if (!source) return undefined
    if (await branch.contains(source.status?.artifact?.revision, commit)) return true
    const ready = conditionOf(source, 'Ready')
    if (ready?.status === 'False' && source.status?.lastHandledReconcileAt === request)
      throw failed({ code: 'source', object, facts: { says: saidBy(ready) } })
    return undefined
  }, deadline)
  if (!found) throw failed({ code: 'timeout', object, facts: { waitedFor: 'source' } })
}
