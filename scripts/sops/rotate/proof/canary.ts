import { openView } from '../../../lib/cluster/cluster-view.ts'
import { gitRepositories, idOf, kustomizations } from '../../../lib/cluster/flux-objects.ts'
import { apply } from '../../../lib/cluster/kube-api.ts'
import { openCluster } from '../../../lib/cluster/kubectl.ts'
import { parseDuration } from '../../../lib/duration.ts'
import { UserError } from '../../../lib/errors.ts'
import { PushError } from '../../verify/branch/push.ts'
import { failed } from '../../verify/findings/verdict.ts'
import type { ProofReport } from '../../verify/report.ts'
import { makeStages } from '../../verify/stages.ts'
import { waitForApply } from '../../verify/wait/apply.ts'
import { hasArrived, waitForValue } from '../../verify/wait/secret.ts'
import { waitForSource } from '../../verify/wait/source.ts'
import { pushCanary } from './canary/branch.ts'
import type { CanaryProof, CanarySession } from './canary/canary.ts'
import { cleanUpCanary } from './canary/clean-up.ts'
import { type Canary, prepareCanary } from './canary/prepare.ts'
import { removeCanary } from './canary/remove.ts'
import { type CanaryProgress, canaryReport } from './canary/report.ts'

/**
 * Proves that Flux decrypts what is encrypted to these recipients alone, without a push to the branch that it follows: a branch
 * of its own with one commit, a GitRepository and a Kustomization for it beside the user's, with the same access, decryption and
 * rights. The value is compared in memory; all is removed again whatever happens, and the next proof removes what a killed one
 * has left.
 * @returns exit code 0: proved; 1: Flux does not decrypt it, or something is left; 2: it could not be checked. Never prints a
 *   value of a Secret.
 */
export async function proveByCanary(options: CanaryProof): Promise<ProofReport> {
  const { caller } = options
  const timeout = parseDuration(options.timeout, 'timeout')
  const cluster = openCluster(options.context, caller)
  const view = openView(cluster)
  const stages = makeStages(caller)
  const session = { options, cluster, view, stages, deadline: Date.now() + timeout, findings: [] }
  const progress: CanaryProgress = { isProved: false }
  let canary: Canary | undefined
  let error: unknown
  try {
    progress.context = await cluster.context
    canary = await stages.run(
      'checks',
      'checking the cluster and the repository',
      () => prepareCanary(session),
      ({ to, place }) =>
        `context ${progress.context}, the key of kustomization ${idOf(options.kustomization)}, branch ${to.given}/${place.branch}`,
    )
    await fly(session, canary, progress)
  } catch (caught) {
    error = caught
  } finally {
    await view.close().then(cluster.close)
  }
  const left = canary && error !== undefined ? await cleanUpCanary(session, canary, progress) : []
  if (error !== undefined && !(error instanceof UserError)) throw error
  return canaryReport(session, canary, { error, left, progress })
}

/** The stages behind the checks. @throws Verdict or another UserError where one fails */
async function fly(session: CanarySession, canary: Canary, progress: CanaryProgress): Promise<void> {
  const { stages, cluster, view, deadline } = session
  const { place, to, commit, source, kustomization, watching } = canary
  const names = { source: `gitrepository ${idOf(source)}`, own: `kustomization ${idOf(kustomization)}` }
  const secret = `secret ${place.secret.namespace}/${place.secret.name}`
  await stages.run(
    'create',
    `pushing ${place.branch}`,
    async () => {
      progress.pushed = 'unsure'
      await pushCanary(place, commit, to).catch((error) => {
        if (error instanceof PushError && !error.mayPass) progress.pushed = undefined
        throw error
      })
      progress.pushed = 'done'
      await apply(cluster, `cannot create ${names.source}`, gitRepositories, source)
    },
    () => `pushed the branch ${to.given}/${place.branch}, and made ${names.source} for it`,
  )
  await stages.run(
    'source',
    'waiting for the source',
    () => waitForSource(watching, commit),
    () => `${names.source} has fetched it`,
  )
  await stages.run(
    'applied',
    `waiting for ${names.own}`,
    async () => {
      await apply(cluster, `cannot create ${names.own}`, kustomizations, kustomization)
      await waitForApply(watching, commit, () => hasArrived(watching))
    },
    () => `${names.own} has applied it`,
  )
  await stages.run(
    'value',
    'comparing the value',
    () => waitForValue(watching),
    () => `${secret} in the cluster has the value that was encrypted`,
  )
  progress.isProved = true
  await stages.run(
    'remove',
    'removing the canary',
    async () => {
      const [left] = await removeCanary(place, { cluster, view, to, deadline })
      if (left) throw failed(left)
    },
    () => 'the Kustomization, the Secret, the GitRepository and the branch are gone',
  )
}
