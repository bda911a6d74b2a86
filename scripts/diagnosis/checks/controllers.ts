import { type Finding, finding } from '../../findings/finding.ts'
import { idOf } from '../../lib/cluster/flux-objects.ts'
import type { ClusterCheck } from '../check.ts'
import { isController } from '../snapshot/controller.ts'
import type { Controller } from '../snapshot/snapshot.ts'

/** The controllers without which no Kustomization is applied. */
const needed = ['kustomize-controller', 'source-controller']

/** Finds the controllers that are missing, scaled to none, or have no ready Pod: what they have said last stays as it was. */
export const checkControllers: ClusterCheck = ({
  snapshot: { controllers, kustomizations, namespace, context },
}) => {
  const stops = [...kustomizations.keys()]
  const found = needed.flatMap((name): Finding[] => {
    const own = controllers.filter((one) => isController(one, name))
    // of one namespace the others are not seen, and who runs Flux otherwise has none
    const isMissing = own.length === 0 && controllers.length > 0 && namespace === undefined
    return isMissing
      ? [finding('controller-missing', { object: `context ${context}` }, { name })]
      : own.filter(({ status }) => !status?.readyReplicas).map(downOf)
  })
  return found.map((one) => ({ finding: one, stops }))
}

function downOf(controller: Controller): Finding {
  const { name, namespace } = controller.metadata
  const code = controller.spec.replicas === 0 ? 'controller-scaled-down' : 'controller-down'
  const place = { object: `deployment ${idOf(controller)}` }
  return finding(code, place, { name, namespace: `${namespace}` })
}
