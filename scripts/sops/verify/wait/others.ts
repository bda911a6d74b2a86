import { explainCondition } from '../../../diagnosis/condition/explain.ts'
import { finding, worded } from '../../../findings/finding.ts'
import { conditionOf, gitRepositories, idOf, sourceIdOf } from '../../../lib/cluster/flux-objects.ts'
import type { OtherBuilder } from '../checks/other-builders.ts'
import { notChecked, Verdict } from '../findings/verdict.ts'
import { advance, startTelling, type Told } from './chain.ts'
import { requestReconcile } from './reconcile.ts'
import type { Watching } from './watching.ts'

/** What a Kustomization says while its health checks run: it has applied everything by then. */
const afterApply = /^Running health checks/

/**
 * Waits until the other Kustomizations that build the test Secret have applied a commit: what they write counts. One that fails
 * at the commit or is suspended writes nothing, and a finding says so.
 * @throws Verdict where the time is over, so that nothing is proved
 */
export async function waitForOthers(
  watching: Watching,
  others: readonly OtherBuilder[],
  commit: string,
): Promise<void> {
  const { view, target, sources, witness, deadline } = watching
  const ownSource = idOf(target.source)
  for (const id of new Set(others.map(({ kustomization }) => sourceIdOf(kustomization)))) {
    const source = sources.objects.get(id)
    if (source && id !== ownSource) await requestReconcile(watching, gitRepositories, source)
  }
  const told = startTelling()
  const left = new Set(others)
  const done = await view.until(async () => {
    // nothing more can make it worse
    if (witness.doubt()) return true
    for (const other of left) if (await isDone(watching, other, commit, told)) left.delete(other)
    return left.size === 0 || undefined
  }, deadline)
  const [late] = left
  if (done || !late) return
  throw notChecked(
    finding(
      'other-late',
      { object: `kustomization ${idOf(late.kustomization)}` },
      { kustomization: idOf(target.kustomization) },
    ),
  )
}

async function isDone(
  watching: Watching,
  { kustomization }: OtherBuilder,
  commit: string,
  told: Told,
): Promise<boolean> {
  const { branch, kustomizations, findings } = watching
  const now = kustomizations.objects.get(idOf(kustomization))
  if (!now || (await branch.contains(now.status?.lastAppliedRevision, commit))) return true
  const ready = conditionOf(now, 'Ready')
  const hasTried = await branch.contains(now.status?.lastAttemptedRevision, commit)
  if (hasTried && afterApply.test(ready?.message ?? '')) return true
  try {
    await advance(watching, now, commit, told)
    return false
  } catch (error) {
    if (!(error instanceof Verdict)) throw error
    const isSuspended = error.finding.code === 'suspended'
    const why = isSuspended ? 'is suspended' : `has failed: ${worded(explainCondition(now)).message}`
    const object = `kustomization ${idOf(now)}`
    const isKnown = findings.some((known) => known.code === 'other-silent' && known.object === object)
    if (!isKnown) findings.push(finding('other-silent', { object }, { why }))
    return true
  }
}
