import { type Finding, finding } from '../../../findings/finding.ts'
import { idOf, type Kustomization } from '../../../lib/cluster/flux-objects.ts'

/** A Secret or a Kustomization in the cluster. */
interface Named {
  namespace: string
  name: string
}

/** Of the test Secret at the end of a run that could not see it go. */
export interface LeftFacts {
  secret: Named
  kustomization: Named
  /** How the branch is called. */
  branch: string
  /** After which Flux looks by itself; `undefined` where the objects do not say it. */
  intervals: { kustomization: string | undefined; source: string | undefined }
  /** Whether it was seen in the cluster. */
  isThere: boolean
  /** Whether the Kustomization has applied the branch without it. */
  isApplied: boolean
  finalizers: string[]
  /** What keeps Flux from it, or us from seeing it. */
  why: string | undefined
}

/** That the test Secret is left in the cluster, or that it is not known. */
export function leftSecret(facts: LeftFacts): Finding {
  const { secret, kustomization, branch, intervals, isThere, isApplied, finalizers, why } = facts
  if (isThere && (isApplied || finalizers.length > 0))
    return stillThere(secret, { finalizers, isKept: false })
  const when = {
    ...kustomization,
    kustomization: `${kustomization.namespace}/${kustomization.name}`,
    branch,
    interval: intervals.kustomization ?? 'unknown',
    sourceInterval: intervals.source ?? 'unknown',
    why: why ? `\n${why}` : '',
  }
  const place = { object: `secret ${secret.namespace}/${secret.name}` }
  return isThere
    ? finding('left-in-cluster', place, when)
    : finding('cluster-unknown', place, { ...when, secret: secret.name, secretNamespace: secret.namespace })
}

/**
 * That the test Secret stays in the cluster although Flux has applied its removal.
 * @param secret `isKept`: whether it is marked so that Flux does not prune it
 */
export function stillThere(
  { namespace, name }: Named,
  { finalizers, isKept }: { finalizers: readonly string[]; isKept: boolean },
): Finding {
  const place = { object: `secret ${namespace}/${name}` }
  if (finalizers.length > 0)
    return finding('held-by-finalizers', place, { finalizers: finalizers.join(', ') })
  return finding('not-pruned', place, {
    namespace,
    name,
    although: isKept
      ? 'for something has marked it so that Flux does not prune it'
      : 'although Flux has applied its removal',
    more: isKept ? ', and find what marks Secrets there' : '',
  })
}

/** That the test Secret is gone, and a Kustomization lists it all the same. */
export function stillListed(secret: Named, kustomization: Kustomization): Finding {
  const { namespace, name } = kustomization.metadata
  return finding(
    'still-listed',
    { object: `secret ${secret.namespace}/${secret.name}` },
    { kustomization: idOf(kustomization), namespace: `${namespace}`, name },
  )
}
