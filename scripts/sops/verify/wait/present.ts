import { explainCondition, saidBy } from '../../../diagnosis/condition/explain.ts'
import { finding } from '../../../findings/finding.ts'
import {
  commitOf,
  conditionOf,
  fetchFailureOf,
  gitRepositories,
  idOf,
  type Kustomization,
  kustomizations,
  sourceIdOf,
} from '../../../lib/cluster/flux-objects.ts'
import { failed } from '../findings/verdict.ts'
import { requestReconcile } from './reconcile.ts'
import type { Watching } from './watching.ts'

/** How long Flux may take to say again whether something is failing, in ms. */
const answerLimit = 15_000

/** What is no failure at the revision that the source has: something else is waited for, or the artifact did not arrive. */
const notYet = ['DependencyNotReady', 'ArtifactFailed']

/**
 * Sees to it that nothing on the way is failing at the very commit that Flux has, for then nothing that is pushed would arrive.
 * What says so is asked to try again first: it may have been mended since.
 * @throws Verdict with what it says
 */
export async function refusePresentFailure(watching: Watching): Promise<void> {
  await refuseFailingSource(watching)
  for (const { metadata } of watching.target.chain) {
    const id = `${metadata.namespace}/${metadata.name}`
    const before = watching.kustomizations.objects.get(id)
    if (!before || !isFailing(watching, before)) continue
    const request = await requestReconcile(watching, kustomizations, before)
    await untilAnswered(watching, request, () => {
      const now = watching.kustomizations.objects.get(id)
      return !now || isReady(now) || now.status?.lastHandledReconcileAt === request
    })
    const now = watching.kustomizations.objects.get(id) ?? before
    if (isReady(now)) continue
    throw failed(explainCondition(isFailing(watching, now) ? now : before, 'before'))
  }
}

async function refuseFailingSource(watching: Watching): Promise<void> {
  const { sources, target } = watching
  const id = idOf(target.source)
  const failure = () => fetchFailureOf(sources.objects.get(id) ?? target.source)
  if (!failure()) return
  const request = await requestReconcile(watching, gitRepositories, target.source)
  await untilAnswered(
    watching,
    request,
    () => !failure() || sources.objects.get(id)?.status?.lastHandledReconcileAt === request,
  )
  const left = failure()
  if (left) throw failed(finding('source', { object: `gitrepository ${id}` }, { says: saidBy(left) }))
}

/** @param request `undefined` where it did not get there, so that no answer is to be expected */
async function untilAnswered(
  { view, deadline }: Watching,
  request: string | undefined,
  check: () => boolean,
): Promise<void> {
  if (request === undefined) return
  await view.until(() => check() || undefined, Math.min(deadline, Date.now() + answerLimit))
}

function isReady(kustomization: Kustomization): boolean {
  return conditionOf(kustomization, 'Ready')?.status === 'True'
}

/** Whether a link of the chain has failed at the commit that its source has now, so that it stops those behind it. */
function isFailing({ sources, target }: Watching, link: Kustomization): boolean {
  if (conditionOf(link, 'Stalled')?.status === 'True') return true
  const ready = conditionOf(link, 'Ready')
  if (ready?.status !== 'False' || notYet.includes(ready.reason)) return false
  // behind its health checks comes nothing that matters here
  if (ready.reason === 'HealthCheckFailed' && idOf(link) === idOf(target.kustomization)) return false
  const source = sources.objects.get(sourceIdOf(link))
  const commit = commitOf(source?.status?.artifact?.revision)
  return commit !== undefined && commitOf(link.status?.lastAttemptedRevision) === commit
}
