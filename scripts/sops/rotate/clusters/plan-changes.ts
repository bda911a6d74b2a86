import type { Finding } from '../../../findings/finding.ts'
import { lastApplied } from '../../../lib/cluster/key-secret.ts'
import type { SecretChange } from './change.ts'
import { obstacleTo } from './obstacles.ts'
import type { RotatedSecret, RotationCluster } from './state.ts'

/** A finding in one of several clusters. */
export interface ClusterFinding {
  /** The name of the context. */
  context: string
  finding: Finding
}

/** What came of changing key Secrets. */
export interface Changed {
  /** What was written, with what it was before. Secret. */
  changes: SecretChange[]
  /** Why others were not. */
  findings: ClusterFinding[]
}

/** How Secrets are to change. */
export interface WantedChange {
  isConcerned(secret: RotatedSecret): boolean
  /** What a person has to do where we may not: `put the new identity beside the old one`. */
  order: string
  /** The values of the data keys that change. @returns a finding where the Secret must not change so */
  after(secret: RotatedSecret): Record<string, string | null> | Finding
}

/** Plans what changes in the Secrets of all clusters. */
export function planChanges(
  clusters: readonly RotationCluster[],
  { isConcerned, order, after }: WantedChange,
): Changed {
  const planned: Changed = { changes: [], findings: [] }
  for (const { context, cluster, secrets } of clusters)
    for (const secret of secrets.values()) {
      const { id, held, origin } = secret
      if (!held || !isConcerned(secret)) continue
      // it follows the one that it is a copy of
      const from = secrets.get(origin ?? '')?.held
      if (from && !held.recipients.isDisjointFrom(from.recipients)) continue
      const values = obstacleTo(secret, order) ?? after(secret)
      if (isFinding(values)) {
        planned.findings.push({ context, finding: values })
        continue
      }
      const data = held.secret.data ?? {}
      const before = Object.fromEntries(
        Object.keys(values).map((dataKey) => [dataKey, data[dataKey] ?? null]),
      )
      const { resourceVersion, annotations } = held.secret.metadata
      const hasCopy = annotations?.[lastApplied] !== undefined
      planned.changes.push({ cluster, context, id, resourceVersion, hasCopy, before, after: values })
    }
  return planned
}

function isFinding(value: Record<string, string | null> | Finding): value is Finding {
  return typeof value.code === 'string' && typeof value.facts === 'object'
}
