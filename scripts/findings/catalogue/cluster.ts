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
    fix: 'resume it when it is to follow again',
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
  'at-work': {
    severity: 'note',
    seen: 'is being reconciled: {says}',
    means: 'Flux has not come to its end with it.',
    fix: 'look again when it is done',
    source: 'https://fluxcd.io/flux/components/kustomize/kustomizations/#reconciling-kustomization',
  },
} as const satisfies Record<string, Entry>
