import { finding } from '../../findings/finding.ts'
import { describeNotSeen } from '../../lib/applied/describe-not-seen.ts'
import type { ClusterCheck } from '../check.ts'

/** Said of the Kustomization or its source anyhow. */
const saidElsewhere = new Set(['source-missing', 'no-revision', 'not-applied'])

/** Whose files could not be seen: what is wrong with them is not known, which is not the same as that nothing is. */
export const checkNotSeen: ClusterCheck = async ({ snapshot: { context }, decrypted }) => {
  const { notSeen } = await decrypted()
  const told = notSeen.filter(({ code }) => !saidElsewhere.has(code))
  return [...Map.groupBy(told, describeNotSeen)].map(([why, alike]) => {
    const stops = [...new Set(alike.map(({ kustomization }) => kustomization))]
    const [first = ''] = stops
    const who = stops.length === 1 ? `Kustomization ${first}` : `${stops.length} Kustomizations`
    return { finding: finding('files-not-seen', { object: `context ${context}` }, { who, why }), stops }
  })
}
