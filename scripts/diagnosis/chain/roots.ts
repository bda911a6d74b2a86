import type { NodeId, NodeState } from './state.ts'

/** An object that something is wrong with, and what waits for it. */
export interface Root {
  node: NodeId
  state: NodeState
  /** Itself where it is a Kustomization, and those that wait for it, directly or behind others, `namespace/name`. */
  stops: readonly string[]
  /** The Kustomizations that depend on each other in a ring, `namespace/name`; empty where there is none. */
  ring: readonly string[]
}

/**
 * Follows what each Kustomization waits for to the first object that is wrong itself.
 * @param states of all objects; those that a state names are among them
 * @returns the objects that nothing else explains
 */
export function findRoots(states: ReadonlyMap<NodeId, NodeState>): Root[] {
  const found = new Map<NodeId, { stops: Set<string>; ring: readonly string[] }>()
  for (const [node, state] of states) {
    if (state.code === 'healthy') continue
    const { root, ring } = follow(node, states)
    // what it waits for is there by now: the controller looks again in a moment
    if (states.get(root)?.code === 'healthy') continue
    const known = found.get(root) ?? { stops: new Set<string>(), ring }
    found.set(root, known)
    const [kind, id = ''] = node.split(' ')
    if (kind === 'kustomization' && state.code !== 'missing') known.stops.add(id)
  }
  return [...found].map(([node, { stops, ring }]) => ({
    node,
    state: states.get(node) ?? { code: 'missing' },
    stops: [...stops],
    ring,
  }))
}

/** @returns the last object on the way; where that is a ring, always the same one of it */
function follow(
  start: NodeId,
  states: ReadonlyMap<NodeId, NodeState>,
): { root: NodeId; ring: readonly string[] } {
  const way: NodeId[] = [start]
  const seen = new Set(way)
  for (;;) {
    const last = way.at(-1) ?? start
    const state = states.get(last)
    if (state?.code !== 'waits') return { root: last, ring: [] }
    if (seen.has(state.for)) {
      const ring = way.slice(way.indexOf(state.for)).toSorted()
      return { root: ring[0] ?? last, ring: ring.map((node) => node.slice(node.indexOf(' ') + 1)) }
    }
    way.push(state.for)
    seen.add(state.for)
  }
}
