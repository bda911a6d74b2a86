import { finding } from '../../findings/finding.ts'
import type { ClusterCheck } from '../check.ts'

/** What the user may not list: nothing is known of it, which is not the same as that nothing is wrong. */
export const checkNotRead: ClusterCheck = async ({ snapshot }) => {
  const { notRead, namespace, context } = snapshot
  const beside = await snapshot.applied()
  const plurals = new Set([...notRead, ...beside.notRead].map(({ plural }) => plural))
  return [...plurals].map((plural) => ({
    finding: finding(
      'kind-unseen',
      { object: `context ${context}` },
      { plural, where: namespace === undefined ? 'of all namespaces' : `of namespace ${namespace}` },
    ),
    stops: [],
  }))
}
