import { finding } from '../../findings/finding.ts'
import { idOf } from '../../lib/cluster/flux-objects.ts'
import type { ClusterCheck } from '../check.ts'

/** The controllers without which no Kustomization is applied. */
const needed = ['source-controller', 'kustomize-controller']

/** Finds the controllers that are scaled to none, or have no ready Pod: what they have said last stays as it was. */
export const checkControllers: ClusterCheck = ({ snapshot: { controllers, kustomizations } }) =>
  controllers
    .filter(({ metadata, status }) => needed.includes(metadata.name) && !status?.readyReplicas)
    .map((controller) => {
      const { name, namespace } = controller.metadata
      const code = controller.spec.replicas === 0 ? 'controller-scaled-down' : 'controller-down'
      const place = { object: `deployment ${idOf(controller)}` }
      return {
        finding: finding(code, place, { name, namespace: `${namespace}` }),
        stops: [...kustomizations.keys()],
      }
    })
