import { explainCondition } from '../../../diagnosis/condition/explain.ts'
import type { Code } from '../../../findings/catalogue.ts'
import { type Finding, finding } from '../../../findings/finding.ts'
import { flagsFor, secretOf } from '../../../findings/key-secret.ts'
import { type ClusterView, openView, type Watched } from '../../../lib/cluster/cluster-view.ts'
import { conditionOf, type Kustomization, kustomizations } from '../../../lib/cluster/flux-objects.ts'
import type { Cluster } from '../../../lib/cluster/kubectl.ts'
import { inTurn } from '../../../lib/in-turn.ts'
import { requestReconcile } from '../../verify/wait/reconcile.ts'
import {
  type SecretChange,
  trySecretChanges,
  undoAfter,
  undoSecretChanges,
  withLasting,
  writeSecretChanges,
} from './change.ts'
import { decryptionStateOf } from './decryption-state.ts'
import { areDependenciesReady, waitsForDependencies } from './dependencies.ts'
import type { Changed } from './plan-changes.ts'
import type { KeyUser, RotationCluster } from './state.ts'
import type { WaitOptions } from './wait.ts'

/** How long the API server may take until it lets the Kustomizations be watched, in ms. */
const watchLimit = 10_000

/** How long Flux may take to be well again with the old identity, in ms. */
const healLimit = 10_000

/** How many requests are under way at once. */
const atOnce = 8

/** The causes of a failure that are the key's (`explainCondition`). */
const keyCauses: ReadonlySet<Code> = new Set<Code>([
  'wrong-key',
  'key-groups',
  'no-identity',
  'no-key-secret',
  'key-unusable',
  'entry-unusable',
  'plugin-identity',
])

/** What a guard looks at. */
interface Guard {
  cluster: Cluster
  view: ClusterView
  watched: Watched<Kustomization>
  changes: readonly SecretChange[]
  /** The Kustomizations that have not decrypted again yet. */
  left: Map<string, KeyUser>
  /** What each of them said before. */
  before: ReadonlyMap<string, string>
  /** What was asked of them. */
  requests: Map<string, string>
}

/** What is said of a write. */
interface GuardWords {
  /** What is found of a Kustomization that could not decrypt, and of one that did not come to its end. */
  codes: { failed: PutBackCode; unsettled: PutBackCode }
  /** How they have to decrypt: `without the old identity`. */
  task: string
}

type PutBackCode =
  | 'rotate-put-back'
  | 'rotate-put-back-unsettled'
  | 'rotate-new-not-taken'
  | 'rotate-new-unsettled'

/** The words for a Secret that loses the old identity. */
export const withoutOld: GuardWords = {
  codes: { failed: 'rotate-put-back', unsettled: 'rotate-put-back-unsettled' },
  task: 'without the old identity',
}

/** The words for a Secret that gets the new identity. */
export const withNew: GuardWords = {
  codes: { failed: 'rotate-new-not-taken', unsettled: 'rotate-new-unsettled' },
  task: 'with the new identity beside the old one',
}

/**
 * Writes key Secrets, one cluster after the other, each under guard. It ends at the first where they were put back.
 * @param planned its findings are kept
 * @returns what was written and stays so
 * @throws UserError as `writeSecretChanges`, before anything is written where a cluster would not take it; the reason of the signal,
 *   when those of its cluster are back
 */
export async function writeInTurn(
  clusters: readonly RotationCluster[],
  planned: Changed,
  options: WaitOptions & GuardWords,
): Promise<Changed> {
  await trySecretChanges(planned.changes)
  const changes: SecretChange[] = []
  for (const state of clusters) {
    const own = planned.changes.filter(({ cluster }) => cluster === state.cluster)
    const found = own.length > 0 ? await writeGuarded(state, own, options) : []
    if (found.length > 0) {
      const findings = found.map((one) => ({ context: state.context, finding: one }))
      return { changes, findings: [...planned.findings, ...findings] }
    }
    changes.push(...own)
  }
  return { changes, findings: planned.findings }
}

/**
 * Writes key Secrets of one cluster, has each Kustomization that decrypts with them reconcile, and waits until all have decrypted.
 * Where one fails, none comes to an end in time, or the task is interrupted, the Secrets are put back from memory.
 * @returns why they were put back; nothing where they stay
 * @throws UserError as `writeSecretChanges`; the reason of the signal, when they are back
 */
async function writeGuarded(
  state: RotationCluster,
  changes: readonly SecretChange[],
  { timeout, status, codes, task }: WaitOptions & GuardWords,
): Promise<Finding[]> {
  const { cluster, context } = state
  const written = new Set(changes.map(({ id }) => `${id.namespace}/${id.name}`))
  const users = state.users.filter(({ secret = '', kustomization }) => {
    const origin = state.secrets.get(secret)?.origin ?? ''
    return (written.has(secret) || written.has(origin)) && !kustomization.spec.suspend
  })
  const view = openView(cluster)
  try {
    const what = 'cannot watch Kustomizations'
    const known = state.kustomizations
    const watched = view.watch<Kustomization>(what, kustomizations, {}, { known })
    if (!(await view.until(() => watched.isOpen || undefined, Date.now() + watchLimit)))
      return [finding('not-watched', { object: `context ${context}` }, {})]
    const guard: Guard = {
      cluster,
      view,
      watched,
      changes,
      left: new Map(users.map((user) => [user.id, user])),
      before: new Map(users.map(({ id }) => [id, readyOf(watched.objects.get(id))])),
      requests: new Map(),
    }
    await writeSecretChanges(changes)
    try {
      const tell = (left: number) =>
        status(`${context}: ${left} of ${users.length} Kustomizations have to decrypt ${task}`)
      const unsettled = await untilSettled(guard, Date.now() + timeout, tell)
      return unsettled.length === 0 ? [] : await putBackIn(guard, unsettled, codes)
    } catch (error) {
      return await undoAfter(error, changes).finally(() =>
        withLasting(cluster, context, (at) => askStarted(guard, at)),
      )
    } finally {
      status(undefined)
    }
  } finally {
    await view.close()
  }
}

/** A Kustomization that keeps the old identity in the cluster. */
interface Unsettled {
  user: KeyUser
  hasFailed: boolean
  /** It could not get a data key. */
  lacksKey: boolean
  says: string
}

/** @returns the first that has failed, or those that are not done in time; none where all have decrypted */
async function untilSettled(
  { cluster, view, watched, left, before, requests }: Guard,
  deadline: number,
  tell: (left: number) => void,
): Promise<Unsettled[]> {
  const findings: Finding[] = []
  const failed = await view.until(async (): Promise<Unsettled[] | undefined> => {
    tell(left.size)
    for (const user of left.values()) {
      const now = watched.objects.get(user.id)
      // one that is gone or suspended meanwhile decrypts nothing
      if (!now || now.spec.suspend) {
        left.delete(user.id)
        continue
      }
      const request = requests.get(user.id)
      const isHandled = request !== undefined && now.status?.lastHandledReconcileAt === request
      const { code, says } = decryptionStateOf(now)
      // the label of the Secret may have woken it before it was asked
      if (code === 'failed' && (isHandled || readyOf(now) !== before.get(user.id)))
        return [{ user, hasFailed: true, lacksKey: keyCauses.has(explainCondition(now).code), says }]
      if (!isHandled) continue
      if (code === 'ready' || code === 'failing-behind') left.delete(user.id)
      else if (waitsForDependencies(now)) requests.delete(user.id)
    }
    if (left.size === 0) return []
    await inTurn([...left.values()], atOnce, async ({ id }) => {
      const now = watched.objects.get(id)
      if (!now || requests.has(id) || !areDependenciesReady(now, watched.objects)) return
      const request = await requestReconcile({ cluster, findings }, kustomizations, now)
      if (request !== undefined) requests.set(id, request)
    })
    return undefined
  }, deadline)
  if (failed) return failed
  return [...left.values()].map((user) => {
    const { says } = decryptionStateOf(watched.objects.get(user.id) ?? user.kustomization)
    return { user, hasFailed: false, lacksKey: false, says }
  })
}

/** Puts the Secrets back, and waits until what has failed is well again. */
async function putBackIn(
  guard: Guard,
  unsettled: readonly Unsettled[],
  codes: GuardWords['codes'],
): Promise<Finding[]> {
  const { cluster, view, watched, changes } = guard
  const notUndone = await undoSecretChanges(changes)
  await askStarted(guard, cluster)
  const failed = unsettled.filter(({ hasFailed }) => hasFailed)
  const isWell = ({ user }: Unsettled) => {
    const now = watched.objects.get(user.id)
    return !now || ['ready', 'failing-behind'].includes(decryptionStateOf(now).code)
  }
  await view.until(() => failed.every(isWell) || undefined, Date.now() + healLimit)
  const isBack = (change: SecretChange) => notUndone.every((one) => one.change !== change)
  const back = changes.filter(isBack).map(({ id }) => `${id.namespace}/${id.name}`)
  const secrets = back.length > 0 ? back.join(', ') : 'none of the Secrets'
  return [
    // the hint that is shown is that of the first
    ...notUndone.map(({ change: { id }, error }) => {
      const facts = { why: error.message, flags: flagsFor(id) }
      return finding('rotate-not-put-back', { object: secretOf(id) }, facts)
    }),
    ...unsettled.map(({ user, lacksKey, says }) => {
      const { name } = user.kustomization.metadata
      const code = lacksKey ? codes.failed : codes.unsettled
      return finding(code, { object: `kustomization ${user.id}` }, { secrets, says, name })
    }),
  ]
}

/** Has those reconcile at once again that have begun without the old identity, and may have failed: by itself Flux waits for their interval. */
async function askStarted({ left, watched, before, requests }: Guard, cluster: Cluster): Promise<void> {
  const started = [...left.values()].filter(
    ({ id }) => requests.has(id) || readyOf(watched.objects.get(id)) !== before.get(id),
  )
  await inTurn(started, atOnce, ({ kustomization }) =>
    requestReconcile({ cluster, findings: [] }, kustomizations, kustomization),
  )
}

/** What a Kustomization says of itself; each reconciliation makes it new. */
function readyOf(kustomization: Kustomization | undefined): string {
  return JSON.stringify(kustomization && conditionOf(kustomization, 'Ready'))
}
