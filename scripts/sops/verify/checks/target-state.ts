import {
  branchOf,
  conditionOf,
  type GitRepository,
  idOf,
  type Kustomization,
  sourceIdOf,
} from '../../../lib/cluster/flux-objects.ts'
import { saidBy } from '../findings/condition.ts'
import { failed, notChecked } from '../findings/verdict.ts'

/** Sees to it that an object is not suspended. @throws Verdict */
export function refuseSuspended(object: Kustomization | GitRepository, isMeanwhile = false): void {
  const { kind, metadata, spec } = object
  if (!spec.suspend) return
  throw failed({
    code: 'suspended',
    object: `${kind.toLowerCase()} ${idOf(object)}`,
    facts: { kind, namespace: `${metadata.namespace}`, name: metadata.name, isMeanwhile },
  })
}

/** Finds the source of a Kustomization. @throws Verdict where it is no GitRepository that has fetched a commit */
export function checkSource(
  kustomization: Kustomization,
  sources: ReadonlyMap<string, GitRepository>,
): GitRepository {
  const { kind } = kustomization.spec.sourceRef
  if (kind !== 'GitRepository')
    throw notChecked({
      code: 'source-kind',
      object: `kustomization ${idOf(kustomization)}`,
      facts: { kind },
    })
  const source = sources.get(sourceIdOf(kustomization))
  const object = `gitrepository ${sourceIdOf(kustomization)}`
  if (!source) throw failed({ code: 'source-missing', object, facts: {} })
  refuseSuspended(source)
  if (source.status?.artifact) return source
  const ready = conditionOf(source, 'Ready')
  throw notChecked({ code: 'no-artifact', object, facts: { says: ready && saidBy(ready) } })
}

/** The branch that a source follows, its short name. @throws Verdict where it follows something else */
export function followedBranch(source: GitRepository): string {
  const branch = branchOf(source)
  if (branch) return branch
  throw notChecked({ code: 'source-not-a-branch', object: `gitrepository ${idOf(source)}`, facts: {} })
}

/** Sees to it that a Kustomization decrypts into this cluster, and prunes. @throws Verdict */
export function checkKustomization(kustomization: Kustomization): void {
  const { spec, metadata } = kustomization
  const object = `kustomization ${idOf(kustomization)}`
  if (spec.kubeConfig) throw notChecked({ code: 'remote-cluster', object, facts: {} })
  if (!spec.prune) throw notChecked({ code: 'no-prune', object, facts: {} })
  if (spec.decryption?.provider === 'sops') return
  // `flux bootstrap` and a FluxInstance call the root like its namespace
  const isRoot = metadata.name === metadata.namespace
  throw failed({ code: 'no-decryption', object, facts: { isRoot } })
}
