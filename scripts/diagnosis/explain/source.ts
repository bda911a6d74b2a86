import { type Finding, finding } from '../../findings/finding.ts'
import { conditionOf, type FluxSource, idOf } from '../../lib/cluster/flux-objects.ts'
import { saidBy } from '../condition/explain.ts'
import type { Evidence } from '../evidence.ts'

/** Why a source has not fetched. */
export async function explainSource(source: FluxSource, _evidence: Evidence): Promise<Finding> {
  const place = { object: `${source.kind.toLowerCase()} ${idOf(source)}` }
  const ready = conditionOf(source, 'Ready')
  return finding('source', place, { says: ready ? saidBy(ready) : '' })
}
