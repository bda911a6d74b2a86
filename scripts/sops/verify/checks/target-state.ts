import { saidBy } from '../../../diagnosis/condition/explain.ts'
import { finding } from '../../../findings/finding.ts'
import { suspendedObject } from '../../../findings/suspended.ts'
import {
  branchOf,
  conditionOf,
  type GitRepository,
  idOf,
  type Kustomization,
  sourceIdOf,
} from '../../../lib/cluster/flux-objects.ts'
import { failed, notChecked } from '../findings/verdict.ts'

/** Sees to it that an object is not suspended. @throws Verdict */
export function refuseSuspended(object: Kustomization | GitRepository, isMeanwhile = false): void {
  if (object.spec.suspend) throw failed(suspendedObject(object, isMeanwhile))
}

/** Finds the source of a Kustomization. @throws Verdict where it is no GitRepository that has fetched a commit */
export function checkSource(
  kustomization: Kustomization,
  sources: ReadonlyMap<string, GitRepository>,
): GitRepository {
  const { kind } = kustomization.spec.sourceRef
  if (kind !== 'GitRepository')
    throw notChecked(finding('source-kind', { object: `kustomization ${idOf(kustomization)}` }, { kind }))
  const source = sources.get(sourceIdOf(kustomization))
  const object = `gitrepository ${sourceIdOf(kustomization)}`
  if (!source) throw failed(finding('source-missing', { object }, { others: '' }))
  refuseSuspended(source)
  if (source.status?.artifact) return source
  const ready = conditionOf(source, 'Ready')
  throw notChecked(finding('no-artifact', { object }, { says: ready ? `: ${saidBy(ready)}` : '' }))
}

/** The branch that a source follows, its short name. @throws Verdict where it follows something else */
export function followedBranch(source: GitRepository): string {
  const branch = branchOf(source)
  if (branch) return branch
  throw notChecked(finding('source-not-a-branch', { object: `gitrepository ${idOf(source)}` }, {}))
}

/** Sees to it that a Kustomization decrypts into this cluster, and prunes. @throws Verdict */
export function checkKustomization(kustomization: Kustomization): void {
  const { spec, metadata } = kustomization
  const object = `kustomization ${idOf(kustomization)}`
  if (spec.kubeConfig) throw notChecked(finding('remote-cluster', { object }, {}))
  if (!spec.prune) throw notChecked(finding('no-prune', { object }, {}))
  if (spec.decryption?.provider === 'sops') return
  // `flux bootstrap` and a FluxInstance call the root like its namespace
  const isRoot = metadata.name === metadata.namespace
  throw failed(
    finding('no-decryption', { object }, { where: ' in the cluster', root: isRoot ? ' --root' : '' }),
  )
}
