import { setTimeout as sleep } from 'node:timers/promises'
import { type Finding, finding } from '../../../../findings/finding.ts'
import type { ClusterView } from '../../../../lib/cluster/cluster-view.ts'
import { gitRepositories, kustomizations } from '../../../../lib/cluster/flux-objects.ts'
import { get, type Resource, remove, secrets } from '../../../../lib/cluster/kube-api.ts'
import type { KubeObject } from '../../../../lib/cluster/kube-objects.ts'
import type { Cluster } from '../../../../lib/cluster/kubectl.ts'
import { KubectlError } from '../../../../lib/cluster/kubectl-error.ts'
import { CommandError, Interrupted, UserError } from '../../../../lib/errors.ts'
import { runAnnotation } from '../../../test-secret/secret-manifest.ts'
import { PushError } from '../../../verify/branch/push.ts'
import { deleteCanary } from './branch.ts'
import type { CanaryObject, CanaryPlace, CanaryRemote } from './canary.ts'

/** How long is waited before the next try, in ms. */
const retryInterval = 1_000

/** With what a canary is removed. */
interface Removal {
  cluster: Cluster
  view: ClusterView
  to: CanaryRemote
  /** In ms since the epoch. */
  deadline: number
  /** The end of its push was not seen. */
  isUnsure?: boolean
}

/**
 * Removes a canary: the Kustomization, which takes its Secret with it, then the GitRepository and the branch. What is not there,
 * or not of this run, is left alone. What can pass is tried again until the deadline.
 * @returns what is left
 * @throws the reason of the signal
 */
export async function removeCanary(
  { run, branch, kustomization, source, secret }: CanaryPlace,
  { cluster, view, to, deadline, isUnsure = false }: Removal,
): Promise<Finding[]> {
  const left: Finding[] = []
  const step = async (object: string, command: string, work: () => Promise<void>) => {
    try {
      await persist(work, deadline)
    } catch (error) {
      if (!(error instanceof UserError) || error instanceof Interrupted) throw error
      left.push(finding('canary-left', { object }, { why: error.message, command }))
    }
  }
  const objects: readonly [kind: string, Resource, CanaryObject][] = [
    ['kustomization', kustomizations, kustomization],
    ['secret', secrets, secret],
    ['gitrepository', gitRepositories, source],
  ]
  for (const [kind, resource, name] of objects) {
    const object = `${kind} ${name.namespace}/${name.name}`
    const find = async () => {
      const found = await get<KubeObject>(cluster, `cannot read ${object}`, resource, name)
      return found?.metadata.annotations?.[runAnnotation] === run ? found : undefined
    }
    await step(object, `\`kubectl delete ${kind} ${name.name} -n ${name.namespace}\``, async () => {
      if (!(await find())) return
      await remove(cluster, `cannot delete ${object}`, resource, name).catch((error) => {
        if (!(error instanceof KubectlError && error.problem === 'not-found')) throw error
      })
      if (await view.until(async () => ((await find()) ? undefined : true), deadline)) return
      throw new UserError('it was deleted, and its controller has not let it go in time')
    })
  }
  await step(`branch ${to.given}/${branch}`, `\`git push ${to.given} --delete ${branch}\``, () =>
    deleteCanary({ branch }, to, isUnsure),
  )
  return left
}

/** Does it until it is done or the time is over: a server can be away for a moment, and a terminal's Ctrl-C ends git as well. */
async function persist(work: () => Promise<void>, deadline: number): Promise<void> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (Date.now() > deadline || !mayPass(error)) throw error
      await sleep(retryInterval)
    }
  }
}

function mayPass(error: unknown): boolean {
  if (error instanceof PushError) return error.mayPass
  if (error instanceof KubectlError) return ['unreachable', 'other'].includes(error.problem)
  return error instanceof CommandError && (error.code === null || error.code >= 128)
}
