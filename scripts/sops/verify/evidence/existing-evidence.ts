import type { Snapshot } from '../../../diagnosis/snapshot/snapshot.ts'
import type { Comparison } from '../../../diagnosis/values/compared.ts'
import { notBuiltAsJson, objectAsJson } from '../existing/report.ts'
import type { Result } from '../result.ts'
import { type EvidenceDocument, evidenceHead } from './document.ts'

/** The evidence of `sops:verify --existing`. */
export function existingEvidence(
  { objects, notBuilt }: Comparison,
  { kustomizations, context, controllers }: Snapshot,
  end: { started: Date; result: Result },
): EvidenceDocument {
  const names = new Set([...objects, ...notBuilt].map(({ kustomization }) => kustomization))
  return {
    ...evidenceHead('existing', { ...end, context, controllers }),
    kustomizations: [...names]
      .toSorted()
      .map((name) => ({ name, revision: kustomizations.get(name)?.status?.lastAppliedRevision })),
    objects: objects.map((one) => ({ ...objectAsJson(one), values: one.values })),
    notSeen: notBuilt.map(notBuiltAsJson),
  }
}
