import { shortCommit } from '../../../lib/git.ts'
import { causes } from './causes.ts'
import type { ConditionFinding, Finding, LeftFacts, OwnFacts, Said, Words } from './finding.ts'
import { secondOwnerWords } from './second-owner-words.ts'

/** The words for a finding. */
export function wordsOf(finding: Finding): Words {
  return isCondition(finding) ? conditionWords(finding) : ownWords(finding)
}

function isCondition(finding: Finding): finding is ConditionFinding {
  return 'state' in finding.facts
}

function ownWords<Code extends keyof OwnFacts>({ code, facts }: { code: Code; facts: OwnFacts[Code] }) {
  return words[code](facts)
}

function conditionWords({ code, facts }: ConditionFinding): Words {
  const { namespace, name, says, state } = facts
  const cause = causes.find((one) => one.code === code)
  const likely = cause ? `\nlikely cause: ${cause.cause}` : ''
  return {
    message: `${beginnings[state]}${says ? quote(says) : 'has no Ready condition'}${likely}`,
    fix:
      cause?.fix ??
      (says ? `kubectl describe kustomization ${name} -n ${namespace}` : 'is kustomize-controller running?'),
  }
}

const beginnings = {
  before: 'is failing already, at the commit that Flux has: ',
  failed: '',
  applied: 'applied the commit, but is not ready: ',
} as const

const quote = ({ reason, message }: Said) => `${reason}: ${message}`

const chooseAnother = (what: string) => `choose a Kustomization ${what} with --kustomization`
const noneNeeded = 'none needed if the value is right'

const because = (why: string | undefined) => (why ? `\n${why}` : '')

function whenItGoes({ kustomization, branch, intervals }: LeftFacts): string {
  const { namespace, name } = kustomization
  const after = `by itself after its interval (${intervals.kustomization ?? 'unknown'}) and that of its source (${intervals.source ?? 'unknown'}) at the latest`
  return `Flux takes it out when ${namespace}/${name} applies ${branch}, ${after}`
}

const reconcileFor = ({ kustomization: { namespace, name } }: LeftFacts) =>
  `flux reconcile kustomization ${name} -n ${namespace} --with-source`

const words: { readonly [Code in keyof OwnFacts]: (facts: OwnFacts[Code]) => Words } = {
  'kustomization-missing': ({ others }) => ({
    message: `is not in the cluster; there are: ${others.join(', ') || 'none'}`,
    fix: 'choose one with --kustomization, or push it and wait for Flux',
  }),
  'kustomization-unclear': ({ candidates }) =>
    candidates.length > 0
      ? {
          message: `there is no flux-system/infrastructure, and more than one that can carry the test: ${candidates.join(', ')}`,
          fix: `name one of them: --kustomization ${candidates[0]}`,
        }
      : {
          message:
            'no Kustomization can carry the test: it needs a GitRepository that follows a branch of this repository, spec.decryption, prune: true and no spec.kubeConfig, and must not be suspended',
          fix: 'go to the repository that Flux follows; `mise run flux:enable-decryption` adds spec.decryption',
        },
  dependency: ({ missing }) => ({
    message: `depends on ${missing}, which is not in the cluster`,
    fix: 'correct spec.dependsOn, or add the Kustomization',
  }),
  suspended: ({ kind, namespace, name, isMeanwhile }) => {
    const isSource = kind === 'GitRepository'
    const effect = isSource ? 'so Flux sees no new commit' : 'so Flux applies nothing'
    return {
      message: isMeanwhile ? 'was suspended meanwhile' : `is suspended, ${effect}`,
      fix: `flux resume ${isSource ? 'source git' : 'kustomization'} ${name} -n ${namespace}`,
    }
  },
  'source-kind': ({ kind }) => ({
    message: `its source is a ${kind}, not a GitRepository: a commit cannot be followed to it`,
    fix: chooseAnother('whose source is a GitRepository'),
  }),
  'source-missing': () => ({
    message: 'is not in the cluster',
    fix: 'correct spec.sourceRef of the Kustomization',
  }),
  'source-not-a-branch': () => ({
    message: 'follows a tag, a version or a commit: a new commit on a branch does not reach the cluster',
    fix: chooseAnother('whose source follows a branch'),
  }),
  'no-artifact': ({ says }) => ({
    message: `has fetched nothing yet${says ? `: ${quote(says)}` : ''}`,
    fix: 'check its URL and its credentials',
  }),
  'remote-cluster': () => ({
    message: 'applies to another cluster (spec.kubeConfig), where the value cannot be read from here',
    fix: chooseAnother('without spec.kubeConfig'),
  }),
  'no-prune': () => ({
    message: 'has prune switched off: the test Secret would stay in the cluster',
    fix: chooseAnother('with prune: true'),
  }),
  'no-decryption': () => ({
    message: 'has no spec.decryption in the cluster: Flux would apply the ciphertext, or refuse it',
    fix: '`mise run flux:enable-decryption`, commit, push, and wait for Flux',
  }),

  'controller-key': () => ({
    message: 'decrypts with a key of the controller (no secretRef), which cannot be checked beforehand',
    fix: noneNeeded,
  }),
  'other-key': () => ({
    message: 'holds no age identity but another kind of key, which was not checked beforehand',
    fix: noneNeeded,
  }),
  'key-secret-missing': ({ namespace }) => ({
    message: 'is not in the cluster',
    fix: `\`mise run flux:sops-key${namespace === 'flux-system' ? '' : ` --namespace ${namespace}`}\``,
  }),
  'key-secret-unreadable': () => ({
    message: 'you may not read it, so the key was not checked beforehand',
    fix: noneNeeded,
  }),
  'no-agekey': ({ dataKeys }) => ({
    message: `has no data key that ends in .agekey, so the controller finds no identity; it has: ${dataKeys.join(', ') || 'none'}`,
    fix: '`mise run flux:sops-key` writes age.agekey',
  }),
  'key-unusable': ({ reason }) => ({
    message: reason
      ? `the controller cannot use it: ${reason}`
      : 'holds no age identity, so the controller finds none',
    fix: '`mise run flux:sops-key` writes a checked key',
  }),
  'wrong-key': ({ inCluster, ofFile }) => ({
    message: `holds the key of ${inCluster.join(', ')}, but .sops.yaml encrypts to ${ofFile.join(', ') || 'no age recipient'}`,
    fix: '`mise run flux:sops-key` with the key that .sops.yaml names, or correct .sops.yaml',
  }),
  'key-groups': ({ needed, opened, groups }) => ({
    message: `opens ${opened} of ${groups} key groups, and the creation rule asks for ${needed === groups ? 'all' : needed}`,
    fix: 'put an identity of each group that is needed into it, or lower shamir_threshold in the creation rule',
  }),

  'left-out': ({ file, pattern, by }) => ({
    message: `leaves ${file} out of what Flux gets: ${pattern === undefined ? `it begins with none of ${by}` : `the pattern ${pattern} ${by === undefined ? 'is one of its own' : `in ${by}`}`}`,
    fix:
      by === 'spec.sparseCheckout'
        ? 'add its directory to spec.sparseCheckout'
        : `add the line !/${file.slice(0, file.lastIndexOf('/'))}/ behind it${by === undefined ? ' to a .sourceignore' : ''}, or use another path`,
  }),
  'taken-out': () => ({
    message: 'builds its path without the test Secret: a patch or a component of its spec takes it out',
    fix: 'let spec.patches and spec.components keep Secrets, or choose another one with --kustomization',
  }),
  marked: ({ mark, what }) => ({
    message: `its path, or its spec, marks the test Secret with ${mark}, so that it is not ${what}`,
    fix: `take the mark out, or choose a Kustomization without it with --kustomization`,
  }),
  'namespace-missing': ({ kustomization, isTarget }) => ({
    message: `is not in the cluster, and ${kustomization} builds none of that name`,
    fix: isTarget
      ? `create it, or correct spec.targetNamespace of ${kustomization}`
      : 'create it, or choose another one with --namespace',
  }),

  'other-repository': ({ commit, url, remote }) => ({
    message: `has fetched the commit ${shortCommit(commit)}, which is not in this repository`,
    fix: `it follows ${url}: go to a clone of that, or name its remote with --remote (now ${remote})`,
  }),
  'other-remote': ({ isPush, other, source, url }) => ({
    message: `git ${isPush ? 'pushes to' : 'fetches from'} ${other}, which is not the repository that gitrepository ${source} follows (${url})`,
    fix: `name that one: --remote ${url} (\`git remote --verbose\` shows what git uses; pushurl, insteadOf and pushInsteadOf count)`,
  }),
  'name-taken': () => ({ message: 'is on the branch, and is not made by these tasks', fix: 'rename it' }),
  'test-secret-there': () => ({
    message: 'is on the branch already, made by sops:test-create',
    fix: '`mise run sops:test-remove --commit`, and push',
  }),
  'already-running': ({ isHere, machine, process, since, until }) => ({
    message: `belongs to another sops:verify, ${isHere ? `process ${process} of this machine` : `on another machine or in another container (id ${machine})`}${since ? `, since ${since}` : ''}, which may be at work until ${until ?? 'an unknown time'}`,
    fix: 'wait until it has ended; where you know that it has, `--take-over` removes its test Secret',
  }),
  'protected-branch': ({ says }) => ({
    message: `it is protected, so the server takes no push to it: ${says}`,
    fix: 'verify where Flux follows a branch that you may push to (--kustomization, --context), or ask for an exception from the protection',
  }),
  'no-push-right': ({ says }) => ({
    message: `you may not push to it: ${says}`,
    fix: 'push with an account or a key that may write there: deploy keys that Flux uses are often read-only',
  }),
  'push-refused': ({ says }) => ({
    message: `the push to it was refused: ${says}`,
    fix: 'do what the hook or the server asks for, or verify where Flux follows another branch',
  }),
  'push-broken-off': ({ says }) => ({
    message: `the push to it did not come to its end: ${says}`,
    fix: 'try again when the server can be reached',
  }),
  'branch-busy': () => ({
    message: 'other commits came first each time, until the time was over',
    fix: 'try again when less is pushed to it, or give it more time with --timeout',
  }),
  'removed-by-others': () => ({
    message: 'somebody else took the test Secret off the branch, so its removal could not be followed',
    fix: 'run it again',
  }),
  'not-cleaned-up': ({ reason }) => ({
    message: `the test Secret is still on the branch, so Flux puts it into the cluster: ${reason}`,
    fix: 'pull, then `mise run sops:test-remove --commit` and push; the next sops:verify removes it as well',
  }),
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
  'secret-absent': ({ kustomization }) => ({
    message: `is not in the cluster although ${kustomization} has applied the commit`,
    fix: 'is the directory listed in the kustomization file that Flux builds?',
  }),
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
  'not-pruned': ({ namespace, name, listedBy }) => ({
    message: listedBy ? `is gone, but ${listedBy} still lists it` : 'is still in the cluster',
    fix: `kubectl delete secret ${name} -n ${namespace}`,
  }),

  source: ({ says }) => ({ message: quote(says), fix: 'check its URL, its branch and its credentials' }),
  slow: () => ({
    message: 'you may not annotate it, so its own interval had to be waited for',
    fix: 'ask for the right to patch it',
  }),
  timeout: (facts) => {
    if (facts.waitedFor === 'watch')
      return {
        message: 'its API server did not let the objects be watched in time',
        fix: 'is it overloaded? try again',
      }
    if (facts.waitedFor === 'checks')
      return {
        message: 'the time was over before anything could be pushed',
        fix: 'try again with a longer --timeout',
      }
    if (facts.waitedFor === 'source')
      return {
        message: 'did not fetch the commit in time',
        fix: 'is source-controller running, and does its URL lead to the remote that was pushed to?',
      }
    if (facts.waitedFor === 'other')
      return {
        message: `builds the test Secret as well as ${facts.kustomization}, and did not apply the commit in time, so it is not known what it writes`,
        fix: 'try again with a longer --timeout, or let only one of them build it',
      }
    const { message, fix } = conditionWords(facts.last)
    return { message: `did not apply the commit in time; it says ${message}`, fix }
  },
  interrupted: ({ message, hint }) => ({ message, fix: hint ?? 'run it again' }),
  'not-checked': ({ message, hint }) => ({ message, fix: hint ?? 'mend what it says, and run it again' }),
}
