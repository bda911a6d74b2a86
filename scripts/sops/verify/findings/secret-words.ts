import { conditionWords } from './condition-words.ts'
import type { LeftFacts, WordsTable } from './finding.ts'
import { secondOwnerWords } from './second-owner-words.ts'

const because = (why: string | undefined) => (why ? `\n${why}` : '')

function whenItGoes({ kustomization, branch, intervals }: LeftFacts): string {
  const { namespace, name } = kustomization
  const after = `by itself after its interval (${intervals.kustomization ?? 'unknown'}) and that of its source (${intervals.source ?? 'unknown'}) at the latest`
  return `Flux takes it out when ${namespace}/${name} applies ${branch}, ${after}`
}

const reconcileFor = ({ kustomization: { namespace, name } }: LeftFacts) =>
  `flux reconcile kustomization ${name} -n ${namespace} --with-source`

/** The words for the test Secret in the cluster. */
export const secretWords = {
  'left-in-cluster': (facts) => {
    const { secret, finalizers, isApplied, why } = facts
    const remove = `kubectl delete secret ${secret.name} -n ${secret.namespace}`
    if (finalizers.length > 0)
      return {
        message: `is still in the cluster: it goes when its finalizers are gone (${finalizers.join(', ')})`,
        fix: 'look for who set them',
      }
    if (isApplied)
      return { message: 'is still in the cluster, although Flux has applied the removal', fix: remove }
    return {
      message: `is still in the cluster: ${whenItGoes(facts)}${because(why)}`,
      fix: reconcileFor(facts),
    }
  },
  'cluster-unknown': (facts) => ({
    message: `it is not known whether it is in the cluster; ${whenItGoes(facts)}${because(facts.why)}`,
    fix: `\`${reconcileFor(facts)}\`, then \`kubectl get secret ${facts.secret.name} -n ${facts.secret.namespace}\``,
  }),
  'secret-taken': () => ({
    message: 'is in the cluster already, and is not made by sops:verify',
    fix: 'remove it, or choose another --namespace',
  }),
  'secret-unreadable': ({ namespace, kustomizationNamespace }) => ({
    message: 'you may not read it, so nothing could be proved',
    fix: `ask for the right to get and watch Secrets in ${namespace}, or choose another --namespace than ${kustomizationNamespace}`,
  }),
  'secret-absent': ({ kustomization, isListed }) =>
    isListed
      ? {
          message: `is not in the cluster, although ${kustomization} has applied and lists it: something else has deleted it`,
          fix: 'find what deletes Secrets there: another controller, a policy, a person',
        }
      : {
          message: `is not in the cluster, for what ${kustomization} has built of the commit leaves it out`,
          fix: 'look at spec.patches, spec.components and the kustomization file of its path for what takes Secrets out',
        },
  ciphertext: ({ owner }) => ({
    message: `Flux (Kustomization ${owner ?? 'unknown'}) has applied the ciphertext, without decrypting it`,
    fix: '`mise run flux:enable-decryption` on every Kustomization whose path includes this file',
  }),
  value: () => ({
    message: 'had another value than the one that was encrypted',
    fix: 'find what else writes this Secret: `kubectl get secret --show-managed-fields` names it',
  }),
  'second-owner': secondOwnerWords,
  'namespaces-unseen': () => ({
    message:
      'you may not list the Kustomizations of other namespaces: one there that applies the test Secret as well is seen only while it writes',
    fix: 'ask for the right to list and watch Kustomizations and GitRepositories in all namespaces',
  }),
  'other-silent': ({ last }) => ({
    message: last
      ? `builds the test Secret as well, but has failed: ${conditionWords(last).message}`
      : 'builds the test Secret as well, but is suspended',
    fix: 'let only one Kustomization build it, else whoever reconciles last decides what is in it',
  }),
  'not-pruned': ({ namespace, name, listedBy, finalizers, isKept }) => {
    const [owner, kustomization] = listedBy?.split('/') ?? []
    if (listedBy)
      return {
        message: `is gone, but ${listedBy} still lists it`,
        fix: `flux reconcile kustomization ${kustomization} -n ${owner}`,
      }
    if (finalizers.length > 0)
      return {
        message: `is still in the cluster: it is deleted when its finalizers are gone (${finalizers.join(', ')})`,
        fix: 'look for who set them: that controller has to take them off',
      }
    const remove = `kubectl delete secret ${name} -n ${namespace}`
    return {
      message: isKept
        ? 'is still in the cluster, for something has marked it so that Flux does not prune it'
        : 'is still in the cluster, although Flux has applied its removal',
      fix: isKept ? `\`${remove}\`, and find what marks Secrets there` : remove,
    }
  },
} satisfies Partial<WordsTable>
