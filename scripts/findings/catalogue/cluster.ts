import type { Entry } from '../entry.ts'

/** What only a cluster shows: how its Kustomizations and sources hang together. */
export const clusterFindings = {
  'dependency-ring': {
    severity: 'error',
    seen: 'waits for itself by spec.dependsOn: {ring}',
    means: 'Each of them waits until the next one is ready, so none of them is applied ever again.',
    fix: 'take one of these dependencies out of spec.dependsOn',
    source: 'https://fluxcd.io/flux/components/kustomize/kustomizations/#dependencies',
  },
  'dependency-missing': {
    severity: 'error',
    seen: 'is not in the cluster, and others depend on it',
    means: 'Flux applies a Kustomization only when all that it depends on are there and ready.',
    fix: 'add it to what Flux applies, or correct spec.dependsOn',
    source: 'https://fluxcd.io/flux/components/kustomize/kustomizations/#dependencies',
  },
  'suspended-current': {
    severity: 'note',
    seen: 'is suspended; it has applied the revision that its source has',
    means: 'What is committed from now on does not get into the cluster through it until it is resumed.',
    fix: '`flux resume kustomization {name} -n {namespace}` when it is to follow again',
    source: 'https://fluxcd.io/flux/components/kustomize/kustomizations/#suspend',
  },
  'source-unseen': {
    severity: 'note',
    seen: 'you may not read it, so it is not known whether it fetches',
    means: 'A source that fails stops every Kustomization behind it at its last revision.',
    fix: 'ask for the right to list the sources of Flux',
    source: 'https://kubernetes.io/docs/reference/access-authn-authz/rbac/',
  },
  'kind-unseen': {
    severity: 'note',
    seen: 'you may not list the {plural} {where}, so nothing was looked for in them',
    means: 'What is wrong there is not said. It is not known that nothing is.',
    fix: 'ask for the right to list them, or look into the namespaces that you may read with --namespace',
    source: 'https://kubernetes.io/docs/reference/access-authn-authz/rbac/',
  },
  'api-broken': {
    severity: 'note',
    seen: '{says}, so nothing was looked for there',
    means: 'What is wrong there is not said. It is not known that nothing is.',
    fix: '`kubectl get apiservices` shows which API does not answer: mend what serves it',
    source: 'https://kubernetes.io/docs/concepts/extend-kubernetes/api-extension/apiserver-aggregation/',
  },
  'at-work-long': {
    severity: 'warning',
    seen: 'has been at work for {age}: {says}',
    means: 'That is longer than its interval and its timeout allow: nobody goes on with it.',
    fix: 'see whether kustomize-controller runs, and what it says: `kubectl get pods -A -l app=kustomize-controller`',
    source: 'https://fluxcd.io/flux/components/kustomize/kustomizations/#timeout',
  },
  'deletion-stuck': {
    severity: 'warning',
    seen: 'has been waiting for its deletion for {age}',
    means: 'Flux deletes what it has applied first, and something keeps it from that.',
    fix: 'see what its events name: `kubectl describe kustomization {name} -n {namespace}`',
    source: 'https://fluxcd.io/flux/components/kustomize/kustomizations/#prune',
  },
  'not-settled': {
    severity: 'warning',
    seen: 'Flux has not come to its end within {wait}',
    means:
      'What it says of its Kustomizations may change yet: neither that all is well nor what fails is certain.',
    fix: 'look again, or give it longer with --wait',
    source: 'docs/tasks/flux-doctor.md',
  },
  'files-not-seen': {
    severity: 'note',
    seen: 'the encrypted files of {who} were not looked at: {why}',
    means:
      'What is wrong with them, and whether their key fits, is not said. It is not known that nothing is.',
    fix: 'run `mise run flux:doctor` in a clone of the repository that they are from',
    source: 'docs/tasks/flux-doctor.md',
  },
  'controller-missing': {
    severity: 'error',
    seen: 'has Deployments of Flux, and none of {name}',
    means:
      'Without it nothing that is committed gets into the cluster, and what is said of it stays as it was.',
    fix: 'install it: `flux check` shows what is there',
    source: 'https://fluxcd.io/flux/components/',
  },
  'at-work': {
    severity: 'note',
    seen: 'is being reconciled: {says}',
    means: 'Flux has not come to its end with it.',
    fix: 'look again when it is done',
    source: 'https://fluxcd.io/flux/components/kustomize/kustomizations/#reconciling-kustomization',
  },
} as const satisfies Record<string, Entry>
