import { finding } from '../../findings/finding.ts'
import type { ClusterCheck } from '../check.ts'

/** What could not be listed: nothing is known of it, which is not the same as that nothing is wrong. */
export const checkNotRead: ClusterCheck = async ({ snapshot }) => {
  const { notRead, namespace, context } = snapshot
  const beside = await snapshot.applied()
  const place = { object: `context ${context}` }
  const where = namespace === undefined ? 'of all namespaces' : `of namespace ${namespace}`
  const byPlural = new Map([...beside.notRead, ...notRead].map((one) => [one.plural, one]))
  return [...byPlural.values()].map(({ plural, says }) => ({
    finding:
      says === undefined
        ? finding('kind-unseen', place, { plural, where })
        : finding('api-broken', place, { says }),
    stops: [],
  }))
}
