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
  const tell = requestSource(watching)
  const found = await view.until(async () => {
    const request = await tell()
    const source = sources.objects.get(id)
    if (!source) return undefined
    if (await branch.contains(source.status?.artifact?.revision, commit)) return true
    const ready = conditionOf(source, 'Ready')
    const isHandled = request !== undefined && source.status?.lastHandledReconcileAt === request
    if (ready?.status === 'False' && isHandled)
      throw failed({ code: 'source', object, facts: { says: saidBy(ready) } })
    return undefined
  }, deadline)
  if (!found) throw failed({ code: 'timeout', object, facts: { waitedFor: 'source' } })
}

/** @returns tells the source to fetch, once: called again, it tries that again where it was not taken. Returns the request. */
export function requestSource(watching: Watching): () => Promise<string | undefined> {
  let request: string | undefined
  return async () => {
    request ??= await requestReconcile(watching, gitRepositories, watching.target.source)
    return request
  }
}
