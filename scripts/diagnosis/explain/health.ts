import { finding } from '../../findings/finding.ts'
import { conditionOf } from '../../lib/cluster/flux-objects.ts'
import type { Explainer } from './failure.ts'

/** Names the object that a health check waited for in vain; where that is one of Flux, the chain has gone on to it. */
export const explainHealth: Explainer = async ({ kustomization, says, cause }, { snapshot }) => {
  const named =
    /\b(?<kind>[A-Z]\w+)\/(?:(?<namespace>[\w.-]+)\/)?(?<name>[\w.:-]+) status: '(?<status>\w+)'/.exec(says)
  const { kind = '', namespace, name = '', status } = named?.groups ?? {}
  if (!named) return undefined
  const what = `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`
  const place = { object: cause.object }
  const { kustomizations } = snapshot
  const flux = kind === 'Kustomization' ? kustomizations.get(`${namespace}/${name}`) : undefined
  if (flux && conditionOf(flux, 'Ready')?.status === 'True') {
    const { metadata } = kustomization
    return finding('health-passed', place, {
      what,
      name: metadata.name,
      namespace: `${metadata.namespace}`,
    })
  }
  if (status === 'NotFound') return finding('health-object-missing', place, { what })
  return finding('health-object', place, {
    what,
    status: `${status}`,
    kind: kind.toLowerCase(),
    name,
    namespaceFlag: namespace === undefined ? '' : ` -n ${namespace}`,
  })
}
