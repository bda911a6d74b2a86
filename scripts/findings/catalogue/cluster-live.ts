import type { Entry } from '../entry.ts'

/** What Flux has applied, as it is in the cluster. */
export const clusterLiveFindings = {
  'ciphertext-applied': {
    severity: 'error',
    seen: 'has applied ciphertext, though it decrypts',
    means: 'Whatever uses the object gets the ciphertext, and the Kustomization is Ready=True.',
    fix: 'run `mise run sops:audit` in the repository that declares the object: it says why Flux does not decrypt the file',
    source: 'kustomize-controller v1.9.4 internal/decryptor/decryptor.go',
  },
  'ciphertext-unseen': {
    severity: 'error',
    seen: 'holds ciphertext of sops as a value ({paths}); by its labels the Kustomization {writer} has applied it, which was not looked at',
    means:
      'Whatever uses the object gets the ciphertext. The Kustomization may be in another cluster, or gone.',
    fix: 'run `mise run flux:doctor` where that Kustomization is',
    source: 'kustomize-controller v1.9.4 internal/decryptor/decryptor.go',
  },
  'ciphertext-substituted': {
    severity: 'error',
    seen: 'holds ciphertext of sops as a value ({paths}), and {users} from it in postBuild{into}',
    means: 'A variable puts the ciphertext into other objects, and their Kustomizations are Ready=True.',
    fix: 'mend this object, then `flux reconcile kustomization -n {namespace} {name}`',
    source: 'https://fluxcd.io/flux/components/kustomize/kustomizations/#post-build-substitution',
  },
  'sops-file-in-text': {
    severity: 'error',
    seen: 'has a whole SOPS file as the text of a value, which Flux does not decrypt',
    means:
      'The SOPS file gets into the cluster as the value, with Ready=True. Flux decrypts one only under `data` of a Secret.',
    fix: 'list the SOPS file in `secretGenerator` under `files`, or put it as base64 under `data`',
    source: 'kustomize-controller v1.9.4 internal/decryptor/decryptor.go DecryptResource',
  },
  'namespace-applied-twice': {
    severity: 'note',
    seen: 'is applied by {owners}',
    means:
      'The one that stops declaring it deletes it with all that is in it, where it was the last to apply it.',
    fix: 'declare the namespace for one of them alone',
    source: 'https://fluxcd.io/flux/components/kustomize/kustomizations/#prune',
  },
  'left-behind': {
    severity: 'note',
    seen: 'has applied {objects} and no longer declares that; {why}',
    means: 'What is left behind stays as it is: Flux neither changes nor deletes it.',
    fix: 'where nobody needs it: `{command}`',
    source: 'https://fluxcd.io/flux/components/kustomize/kustomizations/#prune',
  },
  'owner-gone': {
    severity: 'note',
    seen: 'is not in the cluster, and by its labels it has applied {objects}',
    means:
      'Where it was deleted without pruning, nobody changes or deletes what it has left. A Kustomization of this name in another cluster may apply it as well.',
    fix: 'where nobody needs it: `{command}`',
    source: 'https://fluxcd.io/flux/components/kustomize/kustomizations/#prune',
  },
  'object-missing-suspended': {
    severity: 'warning',
    seen: 'is in the inventory of kustomization {kustomization}, which is suspended, and not in the cluster',
    means: 'Something has deleted it behind Flux, which does not make it again as long as it is suspended.',
    fix: '`flux resume kustomization {name} --namespace {namespace}` makes it again',
    source: 'https://fluxcd.io/flux/components/kustomize/kustomizations/#inventory',
  },
  'applies-elsewhere': {
    severity: 'note',
    seen: 'applies to another cluster (spec.kubeConfig), which was not looked at',
    means: 'Ciphertext, missing objects and objects with two owners are not seen there.',
    fix: 'run `mise run flux:doctor --context CONTEXT` for that cluster',
    source: 'https://fluxcd.io/flux/components/kustomize/kustomizations/#kubeconfig-remote-clusters',
  },
} as const satisfies Record<string, Entry>
