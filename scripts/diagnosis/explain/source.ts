import { type Finding, finding } from '../../findings/finding.ts'
import { someOf } from '../../findings/some-of.ts'
import { type FluxSource, type GitRepository, idOf, lastFailureOf } from '../../lib/cluster/flux-objects.ts'
import { saidBy } from '../condition/explain.ts'
import type { Evidence } from '../evidence.ts'
import { branchesOf } from '../repository/remote-branches.ts'
import { sourceCauses } from './source-causes.ts'

/** How many branches are listed. */
const most = 5

/** Why a source has not fetched. */
export async function explainSource(source: FluxSource, evidence: Evidence): Promise<Finding> {
  const place = { object: `${source.kind.toLowerCase()} ${idOf(source)}` }
  const failure = lastFailureOf(source)
  const says = failure ? saidBy(failure) : ''
  for (const { text, find } of sourceCauses) {
    const found = text.exec(says)
    if (!found) continue
    const cause = find(found.groups ?? {}, place, source, reasonIn(says))
    if (cause.code !== 'reference-missing') return cause
    const branches = await branchesOf(source as GitRepository, evidence)
    const others = branches ? `; it has the branches ${someOf([...branches.keys()], most)}` : ''
    return { ...cause, facts: { ...cause.facts, others } }
  }
  return finding('source', place, { says })
}

/** What a message says behind what was tried: `dial tcp: connection refused`. */
function reasonIn(says: string): string {
  return says.replace(/^\w+: /, '').replace(/^.*(?:unable to clone '[^']*'|(?:Get|Head) "[^"]*"): /, '')
}
