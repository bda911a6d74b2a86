import type { Controller } from '../../../diagnosis/snapshot/snapshot.ts'
import { idOf } from '../../../lib/cluster/flux-objects.ts'
import type { Result } from '../result.ts'
import type { Progress, Session } from '../session.ts'
import { type EvidenceDocument, evidenceHead } from './document.ts'

/** The evidence of a round trip, wherever it has ended. */
export function roundTripEvidence(
  { stages }: Session,
  { context, target, created, removed, secret, seen }: Progress,
  end: {
    started: Date
    result: Result
    controllers: readonly Controller[]
    findings: NonNullable<EvidenceDocument['findings']>
  },
): EvidenceDocument {
  const commit = removed ?? created
  return {
    ...evidenceHead('round-trip', { ...end, context }),
    kustomizations: target
      ? [{ name: idOf(target.kustomization), revision: commit && `${target.branch}@sha1:${commit}` }]
      : [],
    stages: stages.all(),
    commits: { created, removed },
    secret: secret && { namespace: secret.namespace, name: secret.name, ...seen },
    findings: end.findings,
  }
}
