import { idOf, type Kustomization, ownsSecret, sourceIdOf } from '../../../lib/cluster/flux-objects.ts'
import { get, secrets } from '../../../lib/cluster/kube-api.ts'
import type { Secret } from '../../../lib/cluster/kube-objects.ts'
import { KubectlError } from '../../../lib/cluster/kubectl-error.ts'
import { runAnnotation } from '../../test-secret/secret-manifest.ts'
import type { LeftFacts } from '../findings/secret.ts'
import type { Watching } from '../wait/watching.ts'

/** Whether the inventory of any Kustomization has the test Secret. */
export function isListed({ kustomizations, secret }: Watching): boolean {
  return [...kustomizations.objects.values()].some((one) => ownsSecret(one, secret.namespace, secret.name))
}

/** The other Kustomizations whose inventory has the test Secret. */
export function othersThatList({ kustomizations, secret, target }: Watching): Kustomization[] {
  return [...kustomizations.objects.values()].filter(
    (one) => idOf(one) !== idOf(target.kustomization) && ownsSecret(one, secret.namespace, secret.name),
  )
}

/** The test Secret of this run in the cluster; another run may have put its own there. */
export async function findSecret({
  cluster,
  secret,
}: Pick<Watching, 'cluster' | 'secret'>): Promise<Secret | undefined> {
  const what = `cannot read secret ${secret.namespace}/${secret.name}`
  const live = await get<Secret>(cluster, what, secrets, secret)
  return live?.metadata.annotations?.[runAnnotation] === secret.run ? live : undefined
}

/** As `findSecret`. @returns `unseen` where the cluster does not answer */
export async function lookForSecret(
  where: Pick<Watching, 'cluster' | 'secret'>,
): Promise<Secret | undefined | 'unseen'> {
  try {
    return await findSecret(where)
  } catch (error) {
    if (error instanceof KubectlError) return 'unseen'
    throw error
  }
}

/**
 * What is known of a test Secret that is left, before the cluster was looked at.
 * @param kustomization the one that has to take it out; the target where nothing is said
 */
export function factsOf(
  { target, branch, secret, sources }: Watching,
  kustomization = target.kustomization,
): Omit<LeftFacts, 'isThere'> {
  const { metadata, spec } = kustomization
  return {
    secret: { namespace: secret.namespace, name: secret.name },
    kustomization: { namespace: `${metadata.namespace}`, name: metadata.name },
    branch: branch.name,
    intervals: {
      kustomization: spec.interval,
      source: (sources.objects.get(sourceIdOf(kustomization)) ?? target.source).spec.interval,
    },
    isApplied: false,
    finalizers: [],
    why: undefined,
  }
}
