import { finding } from '../../findings/finding.ts'
import type { Explainer } from './failure.ts'

/** Names the object that a health check waited for in vain; where that is one of Flux, the chain has gone on to it. */
export const explainHealth: Explainer = async ({ says, cause }) => {
  const named =
    /\b(?<kind>[A-Z]\w+)\/(?:(?<namespace>[\w.-]+)\/)?(?<name>[\w.:-]+) status: '(?<status>\w+)'/.exec(says)
  const { kind = '', namespace, name = '', status } = named?.groups ?? {}
  if (!named) return undefined
  const what = `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`
  const place = { object: cause.object }
  if (status === 'NotFound') return finding('health-object-missing', place, { what })
  return finding('health-object', place, {
    what,
    status: `${status}`,
    kind: kind.toLowerCase(),
    name,
    namespaceFlag: namespace === undefined ? '' : ` -n ${namespace}`,
  })
}
