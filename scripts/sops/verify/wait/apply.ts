import { explainCondition } from '../../../diagnosis/condition/explain.ts'
import { conditionOf, idOf } from '../../../lib/cluster/flux-objects.ts'
import { failed } from '../findings/verdict.ts'
import { advance, startTelling } from './chain.ts'
import type { Watching } from './watching.ts'

/** How long a Kustomization may go on with its health checks once the Secret is right, in ms. */
const healthLimit = 5_000

/**
 * Waits until the Kustomization has applied a commit, and shortens the way there (`advance`).
 *
 * Ready is not waited for once `proof` holds: with `wait: true` it comes after the health checks, which can take minutes
 * (docs/decryption.md#when-a-kustomization-reconciles).
 * @param proof whether the cluster holds what the commit says, as far as the test Secret goes
 * @throws Verdict with the Kustomization's own reason and message, or where the time is over
 */
export async function waitForApply(watching: Watching, commit: string, proof: () => boolean): Promise<void> {
  const { view, branch, target, findings, deadline } = watching
  const id = idOf(target.kustomization)
  const told = startTelling()
  let provedAt: number | undefined
  const applied = await view.until(async () => {
    const kustomization = watching.kustomizations.objects.get(id)
    if (!kustomization) return undefined
    if (await branch.contains(kustomization.status?.lastAppliedRevision, commit)) return true
    if (proof() && (await branch.contains(kustomization.status?.lastAttemptedRevision, commit))) {
      provedAt ??= Date.now()
      const unhealthy = conditionOf(kustomization, 'Ready')?.status === 'False'
      if (!unhealthy && Date.now() - provedAt < healthLimit) return undefined
      findings.push(explainCondition(kustomization, 'applied'))
      return true
    }
    for (const link of target.chain) await advance(watching, link, commit, told)
    return undefined
  }, deadline)
  if (applied) return
  throw failed(explainCondition(watching.kustomizations.objects.get(id) ?? target.kustomization, 'late'))
}
