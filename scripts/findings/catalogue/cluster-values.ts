import type { Entry } from '../entry.ts'

/** What a comparison of the cluster with the encrypted files of the applied revision shows. */
export const clusterValuesFindings = {
  'value-different': {
    severity: 'warning',
    seen: 'has another value than revision {commit} of kustomization {kustomization} at {keys}',
    means:
      'Something has changed it behind Flux, or another Kustomization writes it too. What reads the Secret works with that value until Flux writes its own again.',
    fix: '`flux reconcile kustomization {name} --namespace {namespace}` writes it again; where it changes once more, `kubectl get {resource} --show-managed-fields --output yaml` names who writes it',
    source:
      'https://fluxcd.io/flux/components/kustomize/kustomizations/#controlling-the-apply-behavior-of-resources',
  },
  'object-missing': {
    severity: 'warning',
    seen: 'is in the inventory of kustomization {kustomization}, and not in the cluster',
    means: 'Something has deleted it behind Flux, which makes it again when it next reconciles.',
    fix: '`flux reconcile kustomization {name} --namespace {namespace}` makes it again',
    source: 'https://fluxcd.io/flux/components/kustomize/kustomizations/#inventory',
  },
} as const satisfies Record<string, Entry>
