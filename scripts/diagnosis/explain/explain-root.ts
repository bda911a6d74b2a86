import { type Finding, finding } from '../../findings/finding.ts'
import { suspendedObject } from '../../findings/suspended.ts'
import { conditionOf, type FluxSource, type Kustomization } from '../../lib/cluster/flux-objects.ts'
import type { Root } from '../chain/roots.ts'
import { nodeIn, objectOf } from '../chain/state.ts'
import { explainCondition, saidBy } from '../condition/explain.ts'
import { objectIn } from '../condition/object-in.ts'
import type { Evidence } from '../evidence.ts'
import { reconcileLimit, spokenTime } from '../reconcile-limit.ts'
import { declarationIn } from '../repository/declarations.ts'
import { type Snapshot, snapshotKeyOf } from '../snapshot/snapshot.ts'
import { explainers } from './explainers.ts'
import type { Failure } from './failure.ts'
import { missingDependency, missingSource } from './missing.ts'
import { explainSource } from './source.ts'

/** What is wrong with an object that nothing else explains. */
export async function explainRoot(root: Root, evidence: Evidence): Promise<Finding> {
  const { node, state, ring } = root
  const place = { object: node }
  if (ring.length > 0) return finding('dependency-ring', place, { ring: [...ring, ring[0]].join(' -> ') })
  const { snapshot } = evidence
  const { kustomization, source } = nodeIn(snapshot, node)
  const object = kustomization ?? source
  switch (state.code) {
    case 'missing':
      return objectOf(node).kind === 'Kustomization'
        ? missingDependency(node, evidence)
        : missingSource(node, evidence)
    case 'unseen':
      return finding('source-unseen', place, {})
    case 'at-work':
      return atWork(place, object, kustomization)
    case 'suspended':
      if (kustomization && isIdle(kustomization, root, snapshot)) {
        const { name, namespace } = kustomization.metadata
        return finding('suspended-current', place, { name, namespace: `${namespace}` })
      }
      if (object) return suspendedObject(object, false)
      break
    case 'fails':
      if (source) return explainSource(source, evidence)
      if (kustomization) return explainFailure(kustomization, evidence)
  }
  const controller = source ? 'source-controller' : 'kustomize-controller'
  return finding('no-status', place, { controller })
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

/** Whether a suspended Kustomization has all that its source has, and nothing waits for it: that is only to be known. */
function isIdle(kustomization: Kustomization, { stops }: Root, { sources }: Snapshot): boolean {
  const revision = sources.get(snapshotKeyOf(kustomization))?.status?.artifact?.revision
  const hasAll = revision !== undefined && kustomization.status?.lastAppliedRevision === revision
  return hasAll && conditionOf(kustomization, 'Ready')?.status === 'True' && stops.length === 1
}
