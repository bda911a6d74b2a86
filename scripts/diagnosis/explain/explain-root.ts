import { type Finding, finding } from '../../findings/finding.ts'
import { suspendedObject } from '../../findings/suspended.ts'
import { conditionOf, type FluxSource, type Kustomization } from '../../lib/cluster/flux-objects.ts'
import type { Root } from '../chain/roots.ts'
import { explainCondition, saidBy } from '../condition/explain.ts'
import { objectIn } from '../condition/object-in.ts'
import type { Evidence } from '../evidence.ts'
import { reconcileLimit, spokenTime } from '../reconcile-limit.ts'
import { declarationIn } from '../repository/declarations.ts'
import { snapshotKeyOf } from '../snapshot/snapshot.ts'
import { explainers } from './explainers.ts'
import type { Failure } from './failure.ts'
import { missingDependency, missingSource } from './missing.ts'
import { explainSource } from './source.ts'

/** What is wrong with an object that nothing else explains. */
export async function explainRoot(root: Root, evidence: Evidence): Promise<Finding> {
  const { node, state, ring } = root
  const { kustomizations, sources } = evidence.snapshot
  const [kind = '', id = ''] = node.split(' ')
  const place = { object: node }
  if (ring.length > 0) return finding('dependency-ring', place, { ring: [...ring, ring[0]].join(' -> ') })
  const kustomization = kind === 'kustomization' ? kustomizations.get(id) : undefined
  const [, source] = [...sources].find(([key]) => `${key.toLowerCase()}` === node.toLowerCase()) ?? []
  switch (state.code) {
    case 'suspended':
      return suspended(root, evidence)
    case 'missing':
      return kind === 'kustomization' ? missingDependency(node, evidence) : missingSource(node, evidence)
    case 'unseen':
      return finding('source-unseen', place, {})
    case 'at-work':
      return atWork(place, kustomization ?? source, kustomization)
    case 'fails':
      if (source) return explainSource(source, evidence)
      if (kustomization) return explainFailure(kustomization, evidence)
  }
  return finding('no-status', place, {})
}

/** That Flux is at work on an object, for longer than that can take where it is so. */
function atWork(
  place: { object: string },
  object: Kustomization | FluxSource | undefined,
  kustomization: Kustomization | undefined,
): Finding {
  const ready = object && conditionOf(object, 'Ready')
  const says = ready ? saidBy(ready) : 'nothing yet'
  const { deletionTimestamp } = object?.metadata ?? {}
  const since = deletionTimestamp ?? ready?.lastTransitionTime
  const age = since === undefined ? 0 : Date.now() - Date.parse(since)
  if (!kustomization || age <= reconcileLimit(kustomization))
    return finding('at-work', place, { says: deletionTimestamp === undefined ? says : 'it is being deleted' })
  const { name, namespace } = kustomization.metadata
  return deletionTimestamp === undefined
    ? finding('at-work-long', place, { age: spokenTime(age), says })
    : finding('deletion-stuck', place, { age: spokenTime(age), name, namespace: `${namespace}` })
}

/** What a Kustomization that fails says, and what is behind it. */
async function explainFailure(kustomization: Kustomization, evidence: Evidence): Promise<Finding> {
  const cause = explainCondition(kustomization)
  const ready = conditionOf(kustomization, 'Ready')
  const says = ready ? saidBy(ready) : ''
  const explain = explainers[cause.code]
  const failure = { kustomization, says, cause, named: objectIn(says) }
  return (await explain?.(failure, evidence)) ?? placed(failure, evidence)
}

/** The likely cause, with the place where the object is declared that the words name. */
async function placed({ kustomization, cause, named }: Failure, evidence: Evidence): Promise<Finding> {
  const declared = named && (await declarationIn(kustomization, named, evidence))
  return declared ? { ...cause, file: declared.file, line: declared.line } : cause
}

/** That an object is suspended: as long as it has all that its source has, and nothing waits for it, that is only to be known. */
function suspended({ node, stops }: Root, { snapshot }: Evidence): Finding {
  const [kind, id = ''] = node.split(' ')
  const kustomization = kind === 'kustomization' ? snapshot.kustomizations.get(id) : undefined
  const [, source] = [...snapshot.sources].find(([key]) => key.toLowerCase() === node.toLowerCase()) ?? []
  if (kustomization) {
    const revision = snapshot.sources.get(snapshotKeyOf(kustomization))?.status?.artifact?.revision
    const hasAll = revision !== undefined && kustomization.status?.lastAppliedRevision === revision
    const isReady = conditionOf(kustomization, 'Ready')?.status === 'True'
    if (hasAll && isReady && stops.length === 1) return finding('suspended-current', { object: node }, {})
  }
  const object = kustomization ?? source
  return object ? suspendedObject(object, false) : finding('no-status', { object: node }, {})
}
