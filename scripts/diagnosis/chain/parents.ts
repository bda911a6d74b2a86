import type { Evidence } from '../evidence.ts'
import { declarationsOf } from '../repository/declarations.ts'
import { findOutdated } from './outdated.ts'
import { type NodeId, type NodeState, nodeOf, objectOf } from './state.ts'

/**
 * What is missing because the Kustomization that is to apply it does not come to it waits for that one; so does what fails with a
 * spec that has been changed since.
 * @returns the states with that
 */
export async function followParents(
  states: ReadonlyMap<NodeId, NodeState>,
  evidence: Evidence,
): Promise<Map<NodeId, NodeState>> {
  const nodes = (code: NodeState['code']) =>
    [...states].flatMap(([node, state]) => (state.code === code ? [node] : []))
  const failing = new Set(nodes('fails'))
  const [missing, outdated] = await Promise.all([
    Promise.all(nodes('missing').map((node) => parentOfMissing(node, states, evidence))),
    findOutdated(evidence),
  ])
  const waiting = [
    ...missing.flat(),
    ...outdated
      .map(({ child, parent }) => [nodeOf(child), nodeOf(parent)] as const)
      .filter(([child]) => failing.has(child)),
  ]
  const followed = waiting.map(([node, parent]) => [node, { code: 'waits', for: parent } as const] as const)
  return new Map<NodeId, NodeState>([...states, ...followed])
}

async function parentOfMissing(
  node: NodeId,
  states: ReadonlyMap<NodeId, NodeState>,
  evidence: Evidence,
): Promise<(readonly [child: NodeId, parent: NodeId])[]> {
  const declarations = await declarationsOf(objectOf(node), evidence)
  const parents = declarations.flatMap(({ by }) => by.map(nodeOf))
  const parent = parents.find((one) => states.get(one)?.code !== 'healthy')
  return parent === undefined ? [] : [[node, parent]]
}
