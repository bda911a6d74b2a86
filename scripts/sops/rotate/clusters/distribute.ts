import type { Finding } from '../../../findings/finding.ts'
import { lastApplied } from '../../../lib/cluster/key-secret.ts'
import type { Identity } from '../../../lib/sops/age.ts'
import { isPostQuantum } from '../../../lib/sops/recipients.ts'
import type { Rotation } from '../rotation.ts'
import { type SecretChange, writeSecretChanges } from './change.ts'
import { withNew, writeGuarded } from './guarded.ts'
import { heldStatus } from './judge.ts'
import { withIdentity } from './key-text.ts'
import { obstacleTo } from './obstacles.ts'
import type { RotatedSecret, RotationCluster } from './state.ts'
import type { WaitOptions } from './wait.ts'

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

/**
 * Puts the new identity beside the old one into each key Secret that holds the old one alone, in all clusters. A copy is left to
 * the tool that copies it, and a Secret that somebody keeps to them.
 * @param identity the new one, secret
 * @param options `dryRun`: nothing is written; `guard`: a post-quantum identity, which old controllers refuse with the whole Secret, is
 *   taken out again where a Kustomization fails with it
 * @throws UserError as `writeSecretChanges`; nothing was written then
 */
export async function distribute(
  clusters: readonly RotationCluster[],
  rotation: Rotation,
  identity: Identity,
  { dryRun = false, guard }: { dryRun?: boolean; guard?: WaitOptions } = {},
): Promise<Changed> {
  const planned = planChanges(clusters, {
    isConcerned: (secret) => heldStatus(secret, rotation) === 'old',
    order: 'put the new identity beside the old one',
    after: (secret) => besideOld(secret, rotation, identity),
  })
  if (dryRun) return planned
  if (!guard || !isPostQuantum(identity.recipient)) {
    await writeSecretChanges(planned.changes)
    return planned
  }
  const { findings } = planned
  const changes: SecretChange[] = []
  for (const state of clusters) {
    const own = planned.changes.filter(({ cluster }) => cluster === state.cluster)
    const found = own.length > 0 ? await writeGuarded(state, own, { ...guard, ...withNew }) : []
    findings.push(...found.map((one) => ({ context: state.context, finding: one })))
    if (found.length > 0) break
    changes.push(...own)
  }
  return { changes, findings }
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

/** In the data key that holds the old one. */
function besideOld({ held }: RotatedSecret, { old }: Rotation, { secret }: Identity): Record<string, string> {
  const entry = held?.ageEntries.find(({ identities }) =>
    identities.some(({ recipient }) => recipient === old),
  )
  if (!held || !entry) return {}
  const text = Buffer.from(held.secret.data?.[entry.dataKey] ?? '', 'base64').toString()
  return { [entry.dataKey]: Buffer.from(withIdentity(text, secret)).toString('base64') }
}
