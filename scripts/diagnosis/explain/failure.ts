import type { Finding } from '../../findings/finding.ts'
import type { NamedObject } from '../../lib/applied/declared-in.ts'
import type { Kustomization } from '../../lib/cluster/flux-objects.ts'
import type { Evidence } from '../evidence.ts'

/** A Kustomization that says itself that it fails. */
export interface Failure {
  kustomization: Kustomization
  /** What its Ready condition says, on one line and redacted. */
  says: string
  /** The likely cause by these words alone. */
  cause: Finding
  /** The object that it complains of, where its words name one. */
  named: NamedObject | undefined
}

/**
 * Finds what is behind a likely cause in the cluster and the repository.
 * @returns a finding that says more; `undefined` where nothing more is known
 */
export type Explainer = (failure: Failure, evidence: Evidence) => Promise<Finding | undefined>
