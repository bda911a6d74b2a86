import type { ClusterView, Watched } from '../../../lib/cluster/cluster-view.ts'
import {
  conditionOf,
  dependenciesOf,
  type GitRepository,
  gitRepositories,
  idOf,
  type Kustomization,
  kustomizations,
  ownsSecret,
  sourceIdOf,
} from '../../../lib/cluster/flux-objects.ts'
import { annotate, type Resource } from '../../../lib/cluster/kube-api.ts'
import type { Secret } from '../../../lib/cluster/kube-objects.ts'
import type { Cluster } from '../../../lib/cluster/kubectl.ts'
import { KubectlError } from '../../../lib/cluster/kubectl-error.ts'
import { oneLine, redact } from '../../../lib/redact.ts'
import { runAnnotation } from '../../test-secret/secret-manifest.ts'
import type { Branch } from '../branch/branch.ts'
import type { Target } from '../checks/target.ts'
import { explainCondition } from '../findings/causes.ts'
import { type Finding, failed, Verdict } from '../findings/finding.ts'

/** What a run looks at while it waits. */
export interface Watching {
  cluster: Cluster
  view: ClusterView
  branch: Branch
  target: Target
  sources: Watched<GitRepository>
  kustomizations: Watched<Kustomization>
  /** Only the test Secret, where it is in the cluster. */
  secrets: Watched<Secret>
  /** The id of this run, which its test Secret carries. */
  run: string
  /** Where Flux puts the test Secret. */
  secret: { namespace: string; name: string }
  /** base64 of what the Secret must hold. Never shown. */
  expected: string
  /** Milliseconds since the epoch. */
  deadline: number
  /** What was found on the way and does not decide. */
  findings: Finding[]
}

/** The controllers reconcile at once when this changes; any new value will do (flux-sops.md 2.1). */
const requestedAt = 'reconcile.fluxcd.io/requestedAt'

/** How long a Kustomization may go on with its health checks once the Secret is right, in ms. */
const healthPatience = 5_000

/** How long the Secret may trail the status of the Kustomization that wrote it, in ms: they are two watches. */
const trailPatience = 3_000

/** Waits until the source has fetched a commit. @throws Verdict where it cannot, or the time is over */
export async function waitForSource(watching: Watching, commit: string): Promise<void> {
  const { view, branch, sources, target, deadline } = watching
  const id = idOf(target.source)
  const token = await requestReconcile(watching, gitRepositories, target.source)
  const found = await view.until(async () => {
    const source = sources.objects.get(id)
    if (!source) return undefined
    if (await branch.contains(source.status?.artifact?.revision, commit)) return true
    const ready = conditionOf(source, 'Ready')
    const failure = ready?.status === 'False' && source.status?.lastHandledReconcileAt === token
    if (failure)
      throw failed(
        'source',
        `gitrepository ${id}`,
        `${ready.reason}: ${oneLine(redact(ready.message))}`,
        'check its URL, its branch and its credentials',
      )
    return undefined
  }, deadline)
  if (found) return
  throw failed(
    'timeout',
    `gitrepository ${id}`,
    'did not fetch the commit in time',
    'is source-controller running, and does its URL lead to the remote that was pushed to?',
  )
}

/**
 * Waits until the Kustomization has applied a commit, and shortens the way there: each link of the chain of dependencies is
 * told to reconcile when the ones before it are ready, instead of after the requeue time of 30 s a link (observed.md D2).
 *
 * Ready is not waited for once `proof` holds: with `wait: true` it can be minutes away (observed.md 0.3).
 * @param proof whether the cluster holds what the commit says, as far as the test Secret goes
 * @throws Verdict with the Kustomization's own reason and message, or where the time is over
 */
export async function waitForApplied(
  watching: Watching,
  commit: string,
  proof: () => boolean,
): Promise<void> {
  const { view, branch, target, deadline } = watching
  const id = idOf(target.kustomization)
  const told = new Set<string>()
  let provedAt: number | undefined
  const applied = await view.until(async () => {
    const kustomization = watching.kustomizations.objects.get(id)
    if (!kustomization) return undefined
    if (await branch.contains(kustomization.status?.lastAppliedRevision, commit)) return true
    if (proof() && (await branch.contains(kustomization.status?.lastAttemptedRevision, commit))) {
      provedAt ??= Date.now()
      const unhealthy = conditionOf(kustomization, 'Ready')?.status === 'False'
      if (!unhealthy && Date.now() - provedAt < healthPatience) return undefined
      const finding = explainCondition(kustomization)
      watching.findings.push({
        ...finding,
        message: `applied the commit, but is not ready: ${finding.message}`,
      })
      return true
    }
    for (const link of target.chain) await advance(watching, link, commit, told)
    return undefined
  }, deadline)
  if (applied) return
  const kustomization = watching.kustomizations.objects.get(id) ?? target.kustomization
  const { object, message, fix } = explainCondition(kustomization)
  throw failed('timeout', object, `did not apply the commit in time; it says ${message}`, fix)
}

/** Ends the wait where a link has failed at this commit, and tells it to reconcile where only its dependencies kept it. */
async function advance(
  watching: Watching,
  link: Kustomization,
  commit: string,
  told: Set<string>,
): Promise<void> {
  const id = idOf(link)
  const now = watching.kustomizations.objects.get(id)
  if (!now || (await watching.branch.contains(now.status?.lastAppliedRevision, commit))) return
  if (now.spec.suspend)
    throw failed(
      'suspended',
      `kustomization ${id}`,
      'was suspended meanwhile',
      `flux resume kustomization ${now.metadata.name} -n ${now.metadata.namespace}`,
    )
  const ready = conditionOf(now, 'Ready')
  if (conditionOf(now, 'Stalled')?.status === 'True') throw new Verdict(explainCondition(now), 1)
  if (ready?.status === 'False' && (await hasFailed(watching, now, ready.reason, commit, told)))
    throw new Verdict(explainCondition(now), 1)
  if (told.has(id) || !(await areApplied(watching, dependenciesOf(link), commit))) return
  // the first of the chain is woken by the new artifact itself; it is told only where it failed before
  if (dependenciesOf(link).length === 0 && ready?.reason !== 'ArtifactFailed') return
  told.add(id)
  await requestReconcile(watching, kustomizations, now)
}

/**
 * Whether Ready=False is about this commit. `lastAttemptedRevision` tells, but for a path that is not in the commit: it is not
 * moved then (flux-sops.md 2.2). These two states never get a Reconciling condition either (observed.md 0.4).
 */
async function hasFailed(
  { branch }: Watching,
  now: Kustomization,
  reason: string,
  commit: string,
  told: Set<string>,
): Promise<boolean> {
  if (reason === 'DependencyNotReady') return false
  const message = conditionOf(now, 'Ready')?.message ?? ''
  if (reason === 'ArtifactFailed')
    return (
      told.has(idOf(now)) &&
      !/retrying in/.test(message) &&
      (now.status?.lastHandledReconcileAt ?? '') === token(now)
    )
  return branch.contains(now.status?.lastAttemptedRevision, commit)
}

function token({ metadata }: Kustomization): string | undefined {
  return metadata.annotations?.[requestedAt]
}

async function areApplied(watching: Watching, ids: string[], commit: string): Promise<boolean> {
  for (const id of ids) {
    const dependency = watching.kustomizations.objects.get(id)
    if (!dependency || conditionOf(dependency, 'Ready')?.status !== 'True') return false
    const sameSource = sourceIdOf(dependency) === sourceIdOf(watching.target.kustomization)
    if (sameSource && !(await watching.branch.contains(dependency.status?.lastAppliedRevision, commit)))
      return false
  }
  return true
}

/** @returns the token, which the controller copies to `lastHandledReconcileAt` when it is done */
async function requestReconcile(
  { cluster, findings }: Watching,
  resource: Resource,
  object: Kustomization | GitRepository,
): Promise<string> {
  const value = new Date().toISOString()
  try {
    await annotate(
      cluster,
      resource,
      { namespace: `${object.metadata.namespace}`, name: object.metadata.name },
      { [requestedAt]: value },
    )
  } catch (error) {
    if (!(error instanceof KubectlError && error.problem === 'forbidden')) throw error
    const what = `${object.kind.toLowerCase()} ${idOf(object)}`
    if (!findings.some((finding) => finding.object === what)) {
      findings.push({
        code: 'slow',
        object: what,
        message: 'you may not annotate it, so its own interval had to be waited for',
        fix: 'ask for the right to patch it',
      })
    }
  }
  return value
}

/** Whether the test Secret is in the cluster with the value that this run encrypted. */
export function isRight({ secrets, secret, expected }: Watching): boolean {
  return secrets.objects.get(`${secret.namespace}/${secret.name}`)?.data?.message === expected
}

/** Whether the test Secret of this run is gone from the cluster; another run may have put its own there. */
export function isGone({ secrets, secret, run }: Watching): boolean {
  const live = secrets.objects.get(`${secret.namespace}/${secret.name}`)
  return live?.metadata.annotations?.[runAnnotation] !== run
}

/** Waits until the Secret in the cluster has the value that was encrypted. @throws Verdict that says what is wrong with it, without the value */
export async function waitForValue(watching: Watching): Promise<void> {
  const { view, secrets, secret, target } = watching
  const deadline = Math.min(watching.deadline, Date.now() + trailPatience)
  if (await view.until(() => isRight(watching) || undefined, deadline)) return
  const object = `secret ${secret.namespace}/${secret.name}`
  const live = secrets.objects.get(`${secret.namespace}/${secret.name}`)
  if (!live)
    throw failed(
      'secret-absent',
      object,
      `is not in the cluster although ${idOf(target.kustomization)} has applied the commit`,
      'is the directory listed in the kustomization file that Flux builds?',
    )
  const value = Buffer.from(live.data?.message ?? '', 'base64').toString()
  // another Kustomization can take in the same files: what Flux writes names its owner (flux-sops.md 2.4)
  const owner = live.metadata.labels?.['kustomize.toolkit.fluxcd.io/name']
  if (value.startsWith('ENC['))
    throw failed(
      'ciphertext',
      object,
      `holds the ciphertext: Flux (Kustomization ${owner ?? 'unknown'}) applied it without decrypting`,
      '`mise run flux:enable-decryption` on every Kustomization whose path takes in this file',
    )
  throw failed(
    'value',
    object,
    'holds another value than the one that was encrypted',
    'does something else write this Secret?',
  )
}

/** Waits until the Secret is gone and out of the inventory. @throws Verdict where it is not */
export async function waitForPruned(watching: Watching): Promise<void> {
  const { view, secret, target } = watching
  const id = idOf(target.kustomization)
  const listed = () => {
    const kustomization = watching.kustomizations.objects.get(id)
    return kustomization !== undefined && ownsSecret(kustomization, secret.namespace, secret.name)
  }
  const deadline = Math.min(watching.deadline, Date.now() + trailPatience)
  if (await view.until(() => (isGone(watching) && !listed()) || undefined, deadline)) return
  throw failed(
    'not-pruned',
    `secret ${secret.namespace}/${secret.name}`,
    isGone(watching) ? `is gone, but ${id} still lists it` : 'is still in the cluster',
    `kubectl delete secret ${secret.name} -n ${secret.namespace}`,
  )
}
