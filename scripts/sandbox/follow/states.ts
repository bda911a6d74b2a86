import {
  type Condition,
  commitOf,
  conditionOf,
  dependenciesOf,
  type GitRepository,
  idOf,
  type Kustomization,
  sourceIdOf,
} from '../../lib/cluster/flux-objects.ts'
import { oneLine, redact } from '../../lib/redact.ts'

/** What became of a Kustomization. */
export type State =
  /** It has applied the commit. */
  | { state: 'ready' }
  /** It is still to be seen. */
  | { state: 'busy' }
  | { state: 'suspended' }
  /** `why` is for people, redacted. */
  | { state: 'failed'; why: string; message: string }
  /** It depends on one that is not ready, and will not be. */
  | { state: 'waits'; for: string[] }

/** What Flux has, to tell what became of its Kustomizations. */
export interface Seen {
  kustomizations: ReadonlyMap<string, Kustomization>
  /** Sources by `Kind namespace/name`, as far as they were looked up; `undefined`: it is not there. */
  sources: ReadonlyMap<string, Source | undefined>
  /** The ids of the GitRepositories that are this repository. */
  own: ReadonlySet<string>
  /** The commit that all of them are to have. */
  commit: string
}

/** What of a source of any kind is looked at. */
export type Source = Pick<GitRepository, 'status' | 'metadata'>

/** How a source is called in `Seen.sources`. */
export function sourceKeyOf(kustomization: Kustomization): string {
  return `${kustomization.spec.sourceRef.kind} ${sourceIdOf(kustomization)}`
}

/** What became of each Kustomization, by its id. */
export function statesOf(seen: Seen): Map<string, State> {
  const states = new Map<string, State>()
  for (const kustomization of seen.kustomizations.values()) judge(kustomization, seen, states)
  return states
}

function judge(kustomization: Kustomization, seen: Seen, states: Map<string, State>): State {
  const id = idOf(kustomization)
  const known = states.get(id)
  if (known) return known
  // for who depends on it in a circle
  states.set(id, { state: 'waits', for: dependenciesOf(kustomization) })
  const state = stateOf(kustomization, seen, states)
  states.set(id, state)
  return state
}

function stateOf(kustomization: Kustomization, seen: Seen, states: Map<string, State>): State {
  if (kustomization.spec.suspend) return { state: 'suspended' }
  const ready = conditionOf(kustomization, 'Ready')
  if (!ready || ready.status === 'Unknown') return { state: 'busy' }
  if (ready.status === 'True')
    return { state: hasCommit(kustomization, 'lastAppliedRevision', seen) ? 'ready' : 'busy' }
  if (kustomization.spec.sourceRef.kind === 'ExternalArtifact')
    return ofExternalArtifact(kustomization, ready)
  if (ready.reason === 'DependencyNotReady') return ofDependencies(kustomization, ready, seen, states)
  if (ready.reason === 'ArtifactFailed') return ofSource(kustomization, ready, seen)
  if (!hasCommit(kustomization, 'lastAttemptedRevision', seen)) return { state: 'busy' }
  const [, kind, name] = /substitute from '(\w+)\/([^']+)' error: .* not found/.exec(ready.message) ?? []
  if (!kind) return failed(ready.message, ready.message)
  const { namespace } = kustomization.metadata
  return failed(
    `it substitutes from ${kind} ${namespace}/${name}, which is not in the cluster`,
    ready.message,
  )
}

/** Whether it has what the commit holds; one of another source has nothing of it. */
function hasCommit(
  kustomization: Kustomization,
  field: 'lastAppliedRevision' | 'lastAttemptedRevision',
  { own, commit }: Seen,
): boolean {
  if (kustomization.spec.sourceRef.kind !== 'GitRepository' || !own.has(sourceIdOf(kustomization)))
    return true
  return commitOf(kustomization.status?.[field]) === commit
}

function ofDependencies(
  kustomization: Kustomization,
  { message }: Condition,
  seen: Seen,
  states: Map<string, State>,
): State {
  const [, missing] = /dependency '([^']+)' not found/.exec(message) ?? []
  const wanted = dependenciesOf(kustomization)
  if (missing !== undefined && !seen.kustomizations.has(missing))
    return failed(`it depends on ${missing}, which is not in the cluster`, message)
  const open = wanted.filter((id) => {
    const dependency = seen.kustomizations.get(id)
    return dependency && judge(dependency, seen, states).state !== 'ready'
  })
  const isOver = open.length > 0 && open.every((id) => states.get(id)?.state !== 'busy')
  return isOver ? { state: 'waits', for: open } : { state: 'busy' }
}

/** source-watcher makes those, of ArtifactGenerators; kustomize-controller takes them where a feature gate says so. */
function ofExternalArtifact(kustomization: Kustomization, { message }: Condition): State {
  const why = `its source ExternalArtifact ${sourceIdOf(kustomization)} is made by source-watcher, which does not run here`
  return failed(why, message)
}

function ofSource(kustomization: Kustomization, { message }: Condition, { sources, own }: Seen): State {
  const { kind } = kustomization.spec.sourceRef
  const id = sourceIdOf(kustomization)
  const key = sourceKeyOf(kustomization)
  if (!sources.has(key)) return { state: 'busy' }
  const source = sources.get(key)
  if (!source) return failed(`its source ${kind} ${id} is not in the cluster`, message)
  const ready = conditionOf(source, 'Ready')
  if (ready?.status !== 'False') return { state: 'busy' }
  const whose = own.has(id) ? '' : ', which is not this repository,'
  return failed(`its source ${kind} ${id}${whose} is not fetched: ${ready.message}`, message)
}

function failed(why: string, message: string): State {
  return { state: 'failed', why: oneLine(redact(why)), message }
}
