import { explainCondition } from '../../../diagnosis/condition/explain.ts'
import {
  conditionOf,
  dependenciesOf,
  idOf,
  type Kustomization,
  kustomizations,
  sourceIdOf,
} from '../../../lib/cluster/flux-objects.ts'
import { refuseSuspended } from '../checks/target-state.ts'
import { failed } from '../findings/verdict.ts'
import { requestReconcile } from './reconcile.ts'
import type { Watching } from './watching.ts'

/** Which links were told for a commit. */
export interface Told {
  /** When the commit was first waited for, in ms since the epoch. */
  readonly since: number
  /** What was requested, by the id of the link. */
  readonly requests: Map<string, string>
}

/** Begins to take a chain to a commit. */
export function startTelling(): Told {
  return { since: Date.now(), requests: new Map() }
}

/** How long the first link may take until it is told as well, in ms: a controller can miss that its source has something new. */
const wakeLimit = 10_000

/**
 * Takes a link of the chain of dependencies on its way to a commit: tells it to reconcile as soon as those before it have
 * applied the commit, for by itself it looks only every 30 s whether they have
 * (docs/decryption.md#when-a-kustomization-reconciles).
 * @param told the links that were told for this commit; this link is added when it is told
 * @throws Verdict where the link has failed at this commit
 */
export async function advance(
  watching: Watching,
  link: Kustomization,
  commit: string,
  told: Told,
): Promise<void> {
  const id = idOf(link)
  const now = watching.kustomizations.objects.get(id)
  if (!now || (await watching.branch.contains(now.status?.lastAppliedRevision, commit))) return
  refuseSuspended(now, true)
  if (conditionOf(now, 'Stalled')?.status === 'True' || (await hasFailed(watching, now, commit, told)))
    throw failed(explainCondition(now))
  if (told.requests.has(id) || !(await haveApplied(watching, dependenciesOf(link), commit))) return
  // the first of the chain is woken by the new artifact itself; it is told only where it failed before, or nothing comes of it
  const isFirst = dependenciesOf(link).length === 0 && conditionOf(now, 'Ready')?.reason !== 'ArtifactFailed'
  if (isFirst && Date.now() - told.since < wakeLimit) return
  const request = await requestReconcile(watching, kustomizations, now)
  if (request !== undefined) told.requests.set(id, request)
}

/**
 * Whether a link has failed at this commit. `lastAttemptedRevision` tells that Ready=False is about it, but not where the
 * commit lacks the path (ArtifactFailed), for it stays at an older one then. While a link waits for its dependencies or its
 * source, that is no failure (docs/decryption.md#when-a-kustomization-reconciles).
 */
async function hasFailed(
  { branch }: Watching,
  link: Kustomization,
  commit: string,
  { requests }: Told,
): Promise<boolean> {
  const ready = conditionOf(link, 'Ready')
  if (ready?.status !== 'False' || ready.reason === 'DependencyNotReady') return false
  if (ready.reason === 'ArtifactFailed')
    return !/retrying in/.test(ready.message) && isHandled(link, requests.get(idOf(link)))
  return branch.contains(link.status?.lastAttemptedRevision, commit)
}

function isHandled({ status }: Kustomization, request: string | undefined): boolean {
  return request !== undefined && status?.lastHandledReconcileAt === request
}

/** Whether all of these Kustomizations are ready; those of the same source at this commit. */
async function haveApplied(watching: Watching, ids: readonly string[], commit: string): Promise<boolean> {
  for (const id of ids) {
    const dependency = watching.kustomizations.objects.get(id)
    if (!dependency || conditionOf(dependency, 'Ready')?.status !== 'True') return false
    const sameSource = sourceIdOf(dependency) === sourceIdOf(watching.target.kustomization)
    if (sameSource && !(await watching.branch.contains(dependency.status?.lastAppliedRevision, commit)))
      return false
  }
  return true
}
