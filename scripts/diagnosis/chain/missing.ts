import { sourceResources } from '../../lib/cluster/flux-objects.ts'
import type { Evidence } from '../evidence.ts'
import { declarationsOf } from '../repository/declarations.ts'
import { type NodeId, type NodeState, nodeOf } from './state.ts'

const kinds = ['Kustomization', ...Object.keys(sourceResources)]

/** The object that a node is. @returns its kind as the API writes it */
export function objectOf(node: NodeId): { kind: string; namespace: string; name: string } {
  const [lower = '', id = ''] = node.split(' ')
  const [namespace = '', name = ''] = id.split('/')
  return { kind: kinds.find((kind) => kind.toLowerCase() === lower) ?? lower, namespace, name }
}

/**
 * What is missing because the Kustomization that is to apply it does not come to it waits for that one.
 * @returns the states with that
 */
export async function followMissing(
  states: ReadonlyMap<NodeId, NodeState>,
  evidence: Evidence,
): Promise<Map<NodeId, NodeState>> {
  const missing = [...states].filter(([, { code }]) => code === 'missing')
  const followed = await Promise.all(
    missing.map(async ([node]) => {
      const declarations = await declarationsOf(objectOf(node), evidence)
      const parents = declarations.flatMap(({ by }) => by)
      const isWrong = (id: NodeId) => states.get(id)?.code !== 'healthy'
      const parent = parents.map(nodeOf).find(isWrong)
      return [node, parent] as const
    }),
  )
  const found = followed.flatMap(([node, parent]) =>
    parent === undefined ? [] : [[node, { code: 'waits', for: parent } as const] as const],
  )
  return new Map<NodeId, NodeState>([...states, ...found])
}
