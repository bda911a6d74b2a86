import type { Entry } from '../entry.ts'

/** The Secret that Flux decrypts with. */
export const keySecretFindings = {
  'key-secret-missing': {
    severity: 'error',
    seen: "the Secret with the age key is not in the Kustomization's own namespace",
    means:
      'Flux looks for it in the namespace of the Kustomization and nowhere else. Until it is there, nothing of the path is applied.',
    fix: '`mise run flux:sops-key{flags}` writes a checked key',
    source: 'https://github.com/fluxcd/kustomize-controller/blob/v1.9.4/internal/decryptor/decryptor.go',
  },
  'key-secret-unreadable': {
    severity: 'note',
    seen: 'you may not read it, so the key was not checked beforehand',
    means: 'Whether Flux can decrypt shows only when something encrypted was pushed.',
    fix: 'ask for the right to get it, so that a wrong key shows before a push',
    source: 'https://kubernetes.io/docs/reference/access-authn-authz/rbac/',
  },
  'no-key-secret': {
    severity: 'warning',
    seen: 'the decryption block{of} names no key Secret, and {nothing} gives the controller a key that it can use{files}',
    means:
      'Without a secretRef the controller decrypts only with what it was given itself, so nothing of the path is applied.',
    fix: 'name the key Secret in spec.decryption.secretRef, or put the identity where the flag --sops-age-secret of kustomize-controller says',
    source: 'https://github.com/fluxcd/kustomize-controller/blob/v1.9.4/docs/spec/v1/kustomizations.md',
  },
  'controller-key': {
    severity: 'note',
    seen: 'decrypts with a key of the controller (no secretRef), which cannot be checked beforehand',
    means: 'Whether Flux can decrypt shows only when something encrypted was pushed.',
    fix: 'name a Secret in spec.decryption.secretRef, so that a wrong key shows before a push',
    source: 'https://github.com/fluxcd/kustomize-controller/blob/v1.9.4/docs/spec/v1/kustomizations.md',
  },
  'other-key': {
    severity: 'note',
    seen: 'holds a key of another kind, of which it was not checked beforehand whether it fits',
    means:
      'Only age identities are compared with the recipients of a file; Flux may be able to use the other.',
    fix: 'encrypt to an age key of it as well, so that a wrong key shows before a push',
    source: 'https://github.com/fluxcd/kustomize-controller/blob/v1.9.4/internal/decryptor/decryptor.go',
  },
  'no-identity': {
    severity: 'error',
    seen: 'the controller finds no identity in the key Secret: {why}',
    means:
      'It reads age identities from data keys that end in .agekey, and from no other. Nothing of the path is applied.',
    fix: '`mise run flux:sops-key{flags}` writes a checked key',
    source: 'https://github.com/fluxcd/kustomize-controller/blob/v1.9.4/internal/decryptor/decryptor.go',
  },
  'key-unusable': {
    severity: 'error',
    seen: 'the controller cannot read age.agekey of the key Secret{reason}, so every Kustomization that uses the Secret fails',
    means: 'One line that is no identity is enough: the controller then takes none of the others either.',
    fix: '`mise run flux:sops-key{flags}` writes a checked key',
    source: 'https://github.com/getsops/sops/blob/v3.13.3/age/keysource.go (ParsedIdentities.Import)',
  },
  'entry-unusable': {
    severity: 'error',
    seen: 'the controller cannot read {dataKey} of the key Secret{reason}, so every Kustomization that uses the Secret fails',
    means:
      'One line that is no identity is enough: the controller then takes none of the others either. `flux:sops-key` writes age.agekey, and leaves other data keys as they are.',
    fix: "take it out: `kubectl patch secret {name} -n {namespace} --type=json -p '{patch}'`",
    source: 'https://github.com/getsops/sops/blob/v3.13.3/age/keysource.go (ParsedIdentities.Import)',
  },
  'wrong-key': {
    severity: 'error',
    seen: '{what} is encrypted to another key than the one in the cluster{keys}',
    means: 'Flux cannot decrypt it, and applies nothing of the path until it can.',
    fix: '`mise run flux:sops-key{flags}` with a key that .sops.yaml names, or correct .sops.yaml and run `sops updatekeys` on the files',
    source: 'https://github.com/getsops/sops/blob/v3.13.3/age/keysource.go (MasterKey.Decrypt)',
  },
  'key-groups': {
    severity: 'error',
    seen: 'the key in the cluster opens {opened} of {groups} key groups, and {rule} asks for {needed}',
    means:
      'With several key groups the data key is shared out among them: Flux needs a key of as many as the threshold says.',
    fix: 'put an identity of each group that is needed into the key Secret, or lower shamir_threshold and run `sops updatekeys` on the files',
    source: 'https://github.com/getsops/sops/blob/v3.13.3/sops.go (GetDataKeyWithKeyServices)',
  },
} as const satisfies Record<string, Entry>
