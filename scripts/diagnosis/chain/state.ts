import {
  conditionOf,
  dependenciesOf,
  type FluxSource,
  idOf,
  type Kustomization,
  lastFailureOf,
  sourceResources,
} from '../../lib/cluster/flux-objects.ts'
import { isRead, type Snapshot, snapshotKeyOf } from '../snapshot/snapshot.ts'

/** A Kustomization or a source as findings name it: `kustomization flux-system/apps`, `gitrepository flux-system/flux-system`. */
export type NodeId = string

/** How an object of Flux stands. */
export type NodeState =
  /** It is as it should be. */
  | { code: 'healthy' }
  /** Flux is at work on it: the next look says more. */
  | { code: 'at-work' }
  /** What is wrong lies behind another object. */
  | { code: 'waits'; for: NodeId }
  /** It says itself that it fails. */
  | { code: 'fails' }
  /** No controller has looked at it yet. */
  | { code: 'silent' }
  | { code: 'suspended' }
  /** It is named by another object, and is not in the cluster. */
  | { code: 'missing' }
  /** It may be there: the user may not see it. */
  | { code: 'unseen' }

/** @returns `kustomization flux-system/apps` */
export function nodeOf(kustomization: Kustomization): NodeId {
  return `kustomization ${idOf(kustomization)}`
}

/** The source of a Kustomization as a node. @returns `gitrepository flux-system/flux-system` */
export function sourceNodeOf(kustomization: Kustomization): NodeId {
  const [kind = '', id] = snapshotKeyOf(kustomization).split(' ')
  return `${kind.toLowerCase()} ${id}`
}

const kinds = ['Kustomization', ...Object.keys(sourceResources)]

/** The object that a node is. @returns its kind as the API writes it */
export function objectOf(node: NodeId): { kind: string; namespace: string; name: string } {
  const [lower = '', id = ''] = node.split(' ')
  const [namespace = '', name = ''] = id.split('/')
  return { kind: kinds.find((kind) => kind.toLowerCase() === lower) ?? lower, namespace, name }
}

/** The object that a node is, as a snapshot has it; nothing where it is missing or was not read. */
export function nodeIn(
  { kustomizations, sources }: Snapshot,
  node: NodeId,
): { kustomization?: Kustomization | undefined; source?: FluxSource | undefined } {
  const { kind, namespace, name } = objectOf(node)
  return kind === 'Kustomization'
    ? { kustomization: kustomizations.get(`${namespace}/${name}`) }
    : { source: sources.get(`${kind} ${namespace}/${name}`) }
}

/** The states of all objects that a snapshot has, and of those that they name. */
export function nodeStatesOf(snapshot: Snapshot): Map<NodeId, NodeState> {
  const states = new Map<NodeId, NodeState>()
  const { kustomizations, sources } = snapshot
  for (const one of kustomizations.values()) {
    const source = sources.get(snapshotKeyOf(one))
    states.set(sourceNodeOf(one), source ? stateOfSource(source) : missingIn(snapshot, one))
  }
  for (const one of kustomizations.values()) states.set(nodeOf(one), stateOfKustomization(one, states))
  const named = [...states.values()].flatMap((state) => (state.code === 'waits' ? [state.for] : []))
  const needed = [...kustomizations.values()].flatMap(dependenciesOf).map((id) => `kustomization ${id}`)
  for (const node of [...needed, ...named])
    if (!states.has(node) && isSeenIn(snapshot, node)) states.set(node, { code: 'missing' })
  for (const one of kustomizations.values()) {
    const state = states.get(nodeOf(one))
    if (state?.code === 'waits') states.set(nodeOf(one), waitingFor(states.get(state.for), one) ?? state)
  }
  return states
}

/** The state of a Kustomization that waits for an object; `undefined` where that object is to be looked at. */
function waitingFor(state: NodeState | undefined, kustomization: Kustomization): NodeState | undefined {
  if (state && state.code !== 'healthy') return undefined
  const ready = conditionOf(kustomization, 'Ready')
  const looksAgain = ready?.reason === 'DependencyNotReady' && !/readyExpr/.test(ready.message)
  return { code: state && looksAgain ? 'at-work' : 'fails' }
}

/** Whether a Kustomization would be in a snapshot if it were in the cluster. */
function isSeenIn({ namespace }: Snapshot, node: NodeId): boolean {
  return namespace === undefined || node.startsWith(`kustomization ${namespace}/`)
}

function missingIn(snapshot: Snapshot, { metadata, spec }: Kustomization): NodeState {
  const { namespace } = snapshot
  const { kind, namespace: named = metadata.namespace } = spec.sourceRef
  const resource = Object.entries(sourceResources).find(([name]) => name === kind)?.[1]
  const isSeen = namespace === undefined || named === namespace
  const mayList = resource === undefined || isRead(snapshot, resource.plural)
  return { code: isSeen && mayList ? 'missing' : 'unseen' }
}

function stateOfSource(source: FluxSource): NodeState {
  if (source.spec.suspend) return { code: 'suspended' }
  if (lastFailureOf(source)) return { code: 'fails' }
  if (conditionOf(source, 'Ready')) return { code: source.status?.artifact ? 'healthy' : 'at-work' }
  // an ExternalArtifact has what another controller gives it
  return { code: source.status?.artifact ? 'healthy' : 'silent' }
}

function stateOfKustomization(
  kustomization: Kustomization,
  states: ReadonlyMap<NodeId, NodeState>,
): NodeState {
  const { spec, status, metadata } = kustomization
  if (metadata.deletionTimestamp !== undefined) return { code: 'at-work' }
  if (spec.suspend) return { code: 'suspended' }
  const ready = conditionOf(kustomization, 'Ready')
  if (!ready) return { code: 'silent' }
  const source = sourceNodeOf(kustomization)
  const isSourceWrong = !['healthy', 'at-work', 'unseen'].includes(states.get(source)?.code ?? '')
  if (ready.status === 'False' && conditionOf(kustomization, 'Stalled')?.status === 'True')
    return { code: 'fails' }
  const [, dependency] = /^dependency '([^']+)'/.exec(ready.message) ?? []
  if (ready.reason === 'DependencyNotReady' && dependency !== undefined)
    return { code: 'waits', for: `kustomization ${dependency}` }
  if (ready.reason === 'ArtifactFailed' && !/kustomization path not found/.test(ready.message))
    return isSourceWrong
      ? { code: 'waits', for: source }
      : { code: states.get(source)?.code === 'at-work' ? 'at-work' : 'fails' }
  const unhealthy = ready.reason === 'HealthCheckFailed' ? waitsForHealthOf(ready.message, states) : undefined
  if (unhealthy !== undefined) return { code: 'waits', for: unhealthy }
  if (ready.status === 'False') return { code: 'fails' }
  if (ready.status === 'Unknown' || status?.observedGeneration !== metadata.generation)
    return { code: 'at-work' }
  return isSourceWrong ? { code: 'waits', for: source } : { code: 'healthy' }
}

/** What a health check waited for in vain, where that is an object of Flux (`Kustomization/flux-system/apps status: 'InProgress'`). */
function waitsForHealthOf(message: string, states: ReadonlyMap<NodeId, NodeState>): NodeId | undefined {
  const named = [...message.matchAll(/\b([A-Z]\w+)\/([\w.-]+\/[\w.-]+) status: /g)]
  const nodes = named.map(([, kind = '', id]) => `${kind.toLowerCase()} ${id}`)
  return nodes.find((node) => node.startsWith('kustomization ') || states.has(node))
}
