import { finding } from '../../findings/finding.ts'
import type { ClusterCheck } from '../check.ts'

/** What the user may not list: nothing is known of it, which is not the same as that nothing is wrong. */
export const checkNotRead: ClusterCheck = ({ snapshot: { notRead, namespace, context } }) =>
  notRead.map(({ plural }) => ({
    finding: finding(
      'kind-unseen',
      { object: `context ${context}` },
      { plural, where: namespace === undefined ? 'of all namespaces' : `of namespace ${namespace}` },
    ),
    stops: [],
  }))
