import type { KeySecretId } from '../../../findings/key-secret.ts'
import { changedMeanwhile, notUndone, putBack } from '../../../findings/secret-writes.ts'
import { lastApplied } from '../../../lib/cluster/key-secret.ts'
import { get, merge, secrets } from '../../../lib/cluster/kube-api.ts'
import type { Secret } from '../../../lib/cluster/kube-objects.ts'
import { type Cluster, openCluster } from '../../../lib/cluster/kubectl.ts'
import { KubectlError } from '../../../lib/cluster/kubectl-error.ts'
import { UserError } from '../../../lib/errors.ts'

/** Values of data keys, in base64; `null`: there is none. Secret. */
export type DataValues = Readonly<Record<string, string | null>>

/** What changes in a key Secret. All other data keys, labels and annotations stay as they are. */
export interface SecretChange {
  cluster: Cluster
  /** The name of its context. */
  context: string
  id: KeySecretId
  /** That it has to have when it is written: else somebody has changed it. */
  resourceVersion: string | undefined
  /** A copy of the key in an annotation goes with it. */
  hasCopy: boolean
  before: DataValues
  after: DataValues
}

/**
 * Writes key Secrets, all or none, and reads them back.
 * @throws KubectlError; UserError where somebody has changed one since it was read, or has put it back. None of them holds a key.
 */
export async function writeSecretChanges(changes: readonly SecretChange[]): Promise<void> {
  await trySecretChanges(changes)
  const written: SecretChange[] = []
  try {
    for (const change of changes) {
      // one that is not answered may have been written all the same
      written.push(change)
      await writeChange(change, false, () => written.pop())
    }
    await Promise.all(changes.map(checkWritten))
  } catch (error) {
    await undoAfter(error, written)
  }
}

/**
 * Asks the API servers whether they would take the changes, and writes nothing: what is forbidden, and a cluster that does not
 * answer, show before anything is written.
 * @throws as `writeSecretChanges`
 */
export async function trySecretChanges(changes: readonly SecretChange[]): Promise<void> {
  for (const change of changes) await writeChange(change, true)
}

/** @param refused is called where the API server has certainly not written it */
async function writeChange(
  { cluster, id, resourceVersion, hasCopy, after }: SecretChange,
  dryRun: boolean,
  refused = () => {},
): Promise<void> {
  const what = `cannot write secret ${id.namespace}/${id.name}`
  try {
    const annotations = hasCopy ? { annotations: { [lastApplied]: null } } : {}
    const metadata = { resourceVersion, ...annotations }
    await merge(cluster, what, secrets, id, { metadata, data: after }, { dryRun })
  } catch (error) {
    if (!(error instanceof KubectlError) || error.problem === 'unreachable') throw error
    refused()
    throw error.problem === 'conflict' ? changedMeanwhile(what) : error
  }
}

/** Sees to it that a Secret holds what was written. */
async function checkWritten({ cluster, id, after }: SecretChange): Promise<void> {
  const place = `${id.namespace}/${id.name}`
  const found = await get<Secret>(cluster, `cannot read secret ${place} back`, secrets, id)
  const isThere = Object.entries(after).every(
    ([dataKey, value]) => (found?.data?.[dataKey] ?? null) === value,
  )
  if (!isThere) throw putBack(place)
}

/**
 * Runs `use` to its end whatever the signal says: the connection of a task that is interrupted, before it or meanwhile, is gone.
 * @param context its name
 * @param use may be done twice
 */
export async function withLasting<T>(
  cluster: Cluster,
  context: string,
  use: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  try {
    if (!cluster.signal?.aborted) return await use(cluster)
  } catch (error) {
    if (!cluster.signal?.aborted) throw error
  }
  const lasting = openCluster(context, { env: cluster.env, signal: undefined })
  try {
    return await use(lasting)
  } finally {
    await lasting.close()
  }
}

/**
 * Puts Secrets back as they were before they were written, also after Ctrl-C.
 * @returns those that could not be, with the reason
 */
export async function undoSecretChanges(
  changes: readonly SecretChange[],
): Promise<{ change: SecretChange; error: KubectlError }[]> {
  const left = await Promise.all(
    changes.map(async (change) => {
      const { cluster, context, id, before } = change
      const what = `cannot put secret ${id.namespace}/${id.name} back`
      try {
        await withLasting(cluster, context, (at) => merge(at, what, secrets, id, { data: before }))
        return []
      } catch (error) {
        if (!(error instanceof KubectlError)) throw error
        return [{ change, error }]
      }
    }),
  )
  return left.flat()
}

/** Puts Secrets back after an error. @throws `error`, or what says that they could not be put back */
export async function undoAfter(error: unknown, written: readonly SecretChange[]): Promise<never> {
  const left = await undoSecretChanges(written)
  if (left.length === 0 || !(error instanceof UserError)) throw error
  throw notUndone(error, [...new Set(left.map(({ change }) => change.id.namespace))])
}
