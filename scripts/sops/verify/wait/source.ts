import { saidBy } from '../../../diagnosis/condition/explain.ts'
import { type Finding, finding } from '../../../findings/finding.ts'
import {
  conditionOf,
  fetchFailureOf,
  type GitRepository,
  gitRepositories,
  idOf,
} from '../../../lib/cluster/flux-objects.ts'
import { withoutCredentials } from '../../../lib/git/git.ts'
import { refuseSuspended } from '../checks/target-state.ts'
import { failed } from '../findings/verdict.ts'
import { type NotFetched, notFetched } from '../findings/way.ts'
import { requestReconcile } from './reconcile.ts'
import type { Watching } from './watching.ts'

/** What a source says where the server was away for a moment: source-controller tries again by itself, with growing pauses. */
const passing =
  /connection (refused|reset)|no route to host|network is unreachable|no such host|i\/o timeout|deadline exceeded|TLS handshake|\bEOF\b|status code: 5\d\d|unable to clone.*timed? ?out/i

/** Waits until the source has fetched a commit. @throws Verdict where it cannot, or the time is over */
export async function waitForSource(watching: Watching, commit: string): Promise<void> {
  const { view, branch, sources, target, deadline } = watching
  const id = idOf(target.source)
  const object = `gitrepository ${id}`
  const tell = requestFetch(watching, target.source)
  let request: string | undefined
  let says: string | undefined
  const found = await view.until(async () => {
    request = await tell()
    const source = sources.objects.get(id)
    if (!source) return undefined
    refuseSuspended(source, true)
    if (await branch.contains(source.status?.artifact?.revision, commit)) return true
    const failure = fetchFailureOf(source)
    const isHandled = request !== undefined && source.status?.lastHandledReconcileAt === request
    says = failure && isHandled ? saidBy(failure) : undefined
    if (says && !passing.test(says)) throw failed(finding('source', { object }, { says }))
    return undefined
  }, deadline)
  if (found) return
  if (says) throw failed(finding('source', { object }, { says }))
  const why = whyNotFetched(sources.objects.get(id) ?? target.source, request, watching.findings)
  throw failed(notFetched(object, why))
}

/**
 * Why a source has not fetched a commit.
 * @param request what it was told; `undefined` where that did not get there
 * @param findings those of the run so far
 */
export function whyNotFetched(
  source: GitRepository,
  request: string | undefined,
  findings: readonly Finding[],
): NotFetched {
  const { metadata, spec, status } = source
  const object = `gitrepository ${idOf(source)}`
  const isTold =
    request !== undefined && !findings.some((one) => one.code === 'slow' && one.object === object)
  const isFetching = conditionOf(source, 'Reconciling')?.status === 'True'
  const isHandled = isTold && status?.lastHandledReconcileAt === request
  return {
    why: isHandled ? 'elsewhere' : isFetching ? 'fetching' : isTold ? 'silent' : 'not-told',
    namespace: `${metadata.namespace}`,
    interval: spec.interval,
    revision: status?.artifact?.revision,
    url: withoutCredentials(spec.url),
  }
}

/** @returns tells a source to fetch, once: called again, it tries that again where it was not taken. Returns the request. */
export function requestFetch(watching: Watching, source: GitRepository): () => Promise<string | undefined> {
  let request: string | undefined
  return async () => {
    request ??= await requestReconcile(watching, gitRepositories, source)
    return request
  }
}
