import type { Entry } from '../../entry.ts'

/** The test Secret of `sops:verify` in the cluster. */
export const verifySecretFindings = {
  'secret-taken': {
    severity: 'error',
    seen: 'is in the cluster already, and is not made by sops:verify',
    means: "Flux would write the test value over somebody else's Secret.",
    fix: 'remove it, or choose another --namespace',
    source: 'docs/tasks/sops-verify.md',
  },
  'secret-unreadable': {
    severity: 'error',
    seen: 'you may not read it, so nothing could be proved',
    means: 'That it was decrypted shows only in its value.',
    fix: 'ask for the right to get and watch Secrets in {namespace}, or choose another --namespace than {kustomizationNamespace}',
    source: 'https://kubernetes.io/docs/reference/access-authn-authz/rbac/',
  },
  'secret-absent': {
    severity: 'error',
    seen: 'is not in the cluster, for what {kustomization} has built of the commit leaves it out',
    means: 'The Kustomization is Ready, and the file is not part of what it applies.',
    fix: 'look at spec.patches, spec.components and the kustomization file of its path for what takes Secrets out',
    source: 'https://github.com/fluxcd/kustomize-controller/blob/v1.9.4/docs/spec/v1/kustomizations.md',
  },
  'secret-deleted': {
    severity: 'error',
    seen: 'is not in the cluster, although {kustomization} has applied and lists it: something else has deleted it',
    means: 'Flux puts it back at its next interval, and it may be deleted again.',
    fix: 'find what deletes Secrets there: another controller, a policy, a person',
    source: 'https://github.com/fluxcd/kustomize-controller/blob/v1.9.4/docs/spec/v1/kustomizations.md',
  },
  ciphertext: {
    severity: 'error',
    seen: 'Flux (Kustomization {owner}) has applied the ciphertext, without decrypting it',
    means: 'Whatever reads the Secret gets `ENC[…]` in place of the value, while the Kustomization is Ready.',
    fix: '`mise run flux:enable-decryption` on every Kustomization whose path includes this file',
    source: 'https://github.com/fluxcd/kustomize-controller/blob/v1.9.4/internal/decryptor/decryptor.go',
  },
  value: {
    severity: 'error',
    seen: 'had another value than the one that was encrypted',
    means: 'Something besides this commit writes the Secret.',
    fix: 'find what else writes this Secret: `kubectl get secret --show-managed-fields` names it',
    source: 'https://kubernetes.io/docs/reference/using-api/server-side-apply/',
  },
  'second-owner': {
    severity: 'error',
    seen: 'is applied by {kustomization} and by {others}: whoever reconciles last decides what is in it{details}',
    means:
      'Two Kustomizations build the same file. Where one of them does not decrypt, the value changes back and forth.',
    fix: 'let only one of {kustomization} and {others} build this path{how}',
    source: 'https://github.com/fluxcd/pkg/blob/kustomize/v1.35.4/kustomize/kustomize_generator.go',
  },
  'other-silent': {
    severity: 'warning',
    seen: 'builds the test Secret as well, but {why}',
    means: 'It writes nothing now. When it does, it may write something else.',
    fix: 'let only one Kustomization build it, else whoever reconciles last decides what is in it',
    source: 'https://github.com/fluxcd/pkg/blob/kustomize/v1.35.4/kustomize/kustomize_generator.go',
  },
  'namespaces-unseen': {
    severity: 'note',
    seen: 'you may not list the Kustomizations of other namespaces: one there that applies the test Secret as well is seen only while it writes',
    means: 'What they would write later is not known.',
    fix: 'ask for the right to list and watch Kustomizations and GitRepositories in all namespaces',
    source: 'https://kubernetes.io/docs/reference/access-authn-authz/rbac/',
  },
  'still-listed': {
    severity: 'error',
    seen: 'is gone, but {kustomization} still lists it',
    means: 'The Kustomization has not applied the removal yet.',
    fix: '`flux reconcile kustomization {name} -n {namespace}`',
    source: 'https://github.com/fluxcd/kustomize-controller/blob/v1.9.4/docs/spec/v1/kustomizations.md',
  },
  'held-by-finalizers': {
    severity: 'error',
    seen: 'is still in the cluster: it is deleted when its finalizers are gone ({finalizers})',
    means: 'Flux has asked for it to be deleted, and the API server waits for who set them.',
    fix: 'look for who set them: that controller has to take them off',
    source: 'https://kubernetes.io/docs/concepts/overview/working-with-objects/finalizers/',
  },
  'not-pruned': {
    severity: 'error',
    seen: 'is still in the cluster, {although}',
    means: 'What goes from the repository does not go from the cluster.',
    fix: '`kubectl delete secret {name} -n {namespace}`{more}',
    source: 'https://github.com/fluxcd/pkg/blob/ssa/v0.76.1/ssa/manager_delete.go',
  },
  'left-in-cluster': {
    severity: 'error',
    seen: 'is still in the cluster: Flux takes it out when {kustomization} applies {branch}, by itself after its interval ({interval}) and that of its source ({sourceInterval}) at the latest{why}',
    means: 'The branch is clean, and Flux has not come to that commit yet.',
    fix: '`flux reconcile kustomization {name} -n {namespace} --with-source`',
    source: 'https://github.com/fluxcd/kustomize-controller/blob/v1.9.4/docs/spec/v1/kustomizations.md',
  },
  'cluster-unknown': {
    severity: 'error',
    seen: 'it is not known whether it is in the cluster; Flux takes it out when {kustomization} applies {branch}, by itself after its interval ({interval}) and that of its source ({sourceInterval}) at the latest{why}',
    means: 'The branch is clean, and the cluster could not be seen.',
    fix: '`flux reconcile kustomization {name} -n {namespace} --with-source`, then `kubectl get secret {secret} -n {secretNamespace}`',
    source: 'https://github.com/fluxcd/kustomize-controller/blob/v1.9.4/docs/spec/v1/kustomizations.md',
  },
} as const satisfies Record<string, Entry>
