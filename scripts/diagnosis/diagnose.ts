import { severities } from '../findings/entry.ts'
import { severityOf } from '../findings/finding.ts'
import { inTurn } from '../lib/in-turn.ts'
import { followParents } from './chain/parents.ts'
import { findRoots, type Root } from './chain/roots.ts'
import { nodeStatesOf } from './chain/state.ts'
import { clusterChecks } from './checks.ts'
import { type Diagnosis, joinDiagnoses } from './diagnosis.ts'
import type { Evidence } from './evidence.ts'
import { explainRoot } from './explain/explain-root.ts'

/** How many causes are looked for at once: one may start git. */
const atOnce = 8

/**
 * Finds what is wrong in a cluster: first what stops the most, then what is wrong though Flux says Ready=True.
 * @returns the worst first; of two that are as bad, the one that stops more
 * @throws UserError where it cannot be found out
 */
export async function diagnose(evidence: Evidence): Promise<Diagnosis[]> {
  const states = await followParents(nodeStatesOf(evidence.snapshot), evidence)
  const roots = findRoots(states).filter(isTold)
  const ofRoots = await inTurn(roots, atOnce, async (root) => ({
    finding: await explainRoot(root, evidence),
    stops: root.stops,
  }))
  const ofChecks = await Promise.all(clusterChecks.map((check) => check(evidence)))
  return joinDiagnoses([...ofRoots, ...ofChecks.flat()]).toSorted(byWeight)
}

/** A source that is being fetched is nobody's trouble. */
function isTold({ node, state }: Root): boolean {
  return state.code !== 'at-work' || node.startsWith('kustomization ')
}

function byWeight(a: Diagnosis, b: Diagnosis): number {
  const rank = ({ finding }: Diagnosis) => severities.indexOf(severityOf(finding))
  return rank(a) - rank(b) || b.stops.length - a.stops.length
}
