import { type Finding, finding } from '../../../../findings/finding.ts'
import { gitRepositories, idOf, kustomizations } from '../../../../lib/cluster/flux-objects.ts'
import { mayI, type Resource, secrets } from '../../../../lib/cluster/kube-api.ts'
import type { Cluster } from '../../../../lib/cluster/kubectl.ts'
import type { CanaryProof } from './canary.ts'
import { canaryNamespace } from './objects.ts'

/** For objects that are made, waited for and removed. */
const toMake = ['get', 'list', 'watch', 'create', 'patch', 'delete']

/** For what Flux makes of them. */
const toRead = ['get', 'list', 'watch']

/** Whether the user has a right, by what is asked: several canaries may need the same. */
export type AskedRights = Map<string, Promise<boolean>>

/**
 * Asks the API server which rights for a canary the user lacks. Nothing is written for that.
 * @returns `undefined` where none is missing
 * @throws KubectlError
 */
export async function lackingRights(
  cluster: Cluster,
  proof: Pick<CanaryProof, 'kustomization' | 'source'>,
  asked: AskedRights = new Map(),
): Promise<Finding | undefined> {
  const { kustomization, source } = proof
  const needed: readonly [Resource, string, readonly string[]][] = [
    [kustomizations, `${kustomization.metadata.namespace}`, toMake],
    [gitRepositories, `${source.metadata.namespace}`, toMake],
    [secrets, canaryNamespace(proof), toRead],
  ]
  const may = (verb: string, resource: Resource, namespace: string) => {
    const key = JSON.stringify([verb, resource, namespace])
    const answer = asked.get(key) ?? mayI(cluster, verb, resource, namespace)
    asked.set(key, answer)
    return answer
  }
  const lacking = await Promise.all(
    needed.map(async ([resource, namespace, verbs]) => {
      const answers = await Promise.all(verbs.map((verb) => may(verb, resource, namespace)))
      const missing = verbs.filter((_, index) => !answers[index])
      return missing.length > 0
        ? [`you may not ${missing.join(', ')} ${resource.plural} in ${namespace}`]
        : []
    }),
  )
  const why = lacking.flat().join('; ')
  return why === '' ? undefined : canaryForbidden(proof, why)
}

/** That a right is missing. @param why which one */
export function canaryForbidden(proof: Pick<CanaryProof, 'kustomization' | 'source'>, why: string): Finding {
  const { kustomization, source } = proof
  return finding(
    'canary-forbidden',
    { object: `kustomization ${idOf(kustomization)}` },
    {
      why,
      namespace: `${kustomization.metadata.namespace}`,
      sourceNamespace: `${source.metadata.namespace}`,
      secretNamespace: canaryNamespace(proof),
    },
  )
}
