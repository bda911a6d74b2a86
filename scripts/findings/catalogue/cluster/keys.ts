import type { Entry } from '../../entry.ts'

const decryptor = 'https://github.com/fluxcd/kustomize-controller/blob/v1.9.4/internal/decryptor/decryptor.go'

/** What only a cluster shows of the keys that Flux decrypts with. */
export const clusterKeyFindings = {
  // the controller has no key
  'key-secret-elsewhere': {
    severity: 'error',
    seen: 'is missing; a Secret of this name is in namespace {other}',
    means: 'Flux looks for it in the namespace of the Kustomization and nowhere else.',
    fix: 'copy it: `{copy}`',
    source: 'https://github.com/fluxcd/kustomize-controller/issues/1363',
  },
  'key-secret-in-own-path': {
    severity: 'error',
    seen: 'is missing, and only what decrypts with it applies it: kustomization {kustomization} from {file}',
    means:
      'Flux needs the key before it can read the file that brings it, so in a new cluster it never arrives.',
    fix: '`mise run flux:sops-key{flags}` writes it once; then move {file} into the path of a Kustomization that decrypts with another key',
    source: decryptor,
  },
  'key-secret-locked-in': {
    severity: 'error',
    seen: 'cannot open {file}, which brings {brings}: the file is encrypted to {recipients}, and {here}',
    means:
      'A key Secret that only the key in it opens never arrives in a cluster, and all that needs it waits for it.',
    fix: 'add that recipient to its creation rule, run `sops updatekeys {file}` and push; until then `mise run flux:sops-key{flags}` writes it',
    source: 'https://fluxcd.io/flux/guides/mozilla-sops/#encrypting-secrets-using-age',
  },
  'controller-key-missing': {
    severity: 'error',
    seen: 'is missing, and kustomize-controller is told to decrypt with it (--sops-age-secret)',
    means: 'Every Kustomization fails that decrypts and names no Secret of its own.',
    fix: '`mise run flux:sops-key{flags}` writes a checked key',
    source: decryptor,
  },
  'controller-without-key': {
    severity: 'error',
    seen: 'decrypts and names no key Secret, and kustomize-controller has no flag --sops-age-secret that gives it a key',
    means: 'Without a secretRef the controller decrypts only with what it was given itself.',
    fix: 'name the key Secret in spec.decryption.secretRef{likely}',
    source: 'https://github.com/fluxcd/kustomize-controller/blob/v1.9.4/docs/spec/v1/kustomizations.md',
  },
  'key-wrong-suffix': {
    severity: 'error',
    seen: 'has an identity in its data key {dataKey}, and the controller reads only those that end in .agekey',
    means: 'To the controller the Secret is empty. Capital letters count: .AGEKEY is another ending.',
    fix: 'write it under the right name: `{copy}`',
    source: decryptor,
  },
  'controller-too-old-for-key': {
    severity: 'error',
    seen: 'holds a post-quantum identity in {dataKey}, which kustomize-controller {version} cannot read',
    means: 'One line that the controller cannot read makes it refuse the whole Secret. Version 1.9.0 can.',
    fix: 'upgrade Flux to 2.9, or take this identity out of the Secret',
    source: 'https://github.com/fluxcd/kustomize-controller/blob/v1.9.4/CHANGELOG.md',
  },
  'key-mended': {
    severity: 'error',
    seen: 'was mended after kustomization {namespace}/{name} failed with it, and Flux has not tried again',
    means: 'Without the watch label Flux tries again only at spec.retryInterval, or else at spec.interval.',
    fix: '`flux reconcile kustomization {name} -n {namespace}`',
    source:
      'https://fluxcd.io/flux/components/kustomize/kustomizations/#reacting-immediately-to-configuration-dependencies',
  },

  // the key that fits is not where it is needed
  'wrong-key-at-hand': {
    severity: 'error',
    seen: '{what} is encrypted to another key than the one in the cluster{keys}; your key opens it',
    means: 'Flux cannot decrypt it, and applies nothing of the path until it can.',
    fix: '`mise run flux:sops-key{flags}` puts your key into the cluster',
    source: 'https://github.com/getsops/sops/blob/v3.13.3/age/keysource.go (MasterKey.Decrypt)',
  },
  'wrong-key-elsewhere': {
    severity: 'error',
    seen: '{what} is encrypted to another key than the one in the cluster{keys}; {place} opens it',
    means: 'Flux cannot decrypt it, and applies nothing of the path until it can.',
    fix: 'copy that key: `{copy}`',
    source: 'https://github.com/getsops/sops/blob/v3.13.3/age/keysource.go (MasterKey.Decrypt)',
  },

  // what does not fail yet
  'plugin-line': {
    severity: 'note',
    seen: 'has an identity of a plugin in {lines}, and the image of the controller has no age plugins',
    means:
      'Beside the right identity it does no harm. Beside a wrong one Flux complains of the plugin, and not of the key.',
    fix: 'take it out of the Secret',
    source: 'https://github.com/fluxcd/kustomize-controller/blob/v1.9.4/Dockerfile',
  },
  'last-applied-copy': {
    severity: 'warning',
    seen: 'has a copy of the private key in its annotation kubectl.kubernetes.io/last-applied-configuration',
    means:
      'The copy stays when the key is changed, and tools that hide the values of a Secret show its annotations.',
    fix: '`kubectl annotate secret {name} -n {namespace} kubectl.kubernetes.io/last-applied-configuration-`',
    source: 'https://github.com/kubernetes/kubernetes/issues/23564',
  },
  'no-watch-label': {
    severity: 'note',
    seen: 'has no label reconcile.fluxcd.io/watch: Enabled{more}, so Flux uses a new key only at the next interval',
    means: 'A Kustomization that fails for its key stays so for a while after the key was mended.',
    fix: '`kubectl label secret {name} -n {namespace} reconcile.fluxcd.io/watch=Enabled`',
    source:
      'https://fluxcd.io/flux/components/kustomize/kustomizations/#reacting-immediately-to-configuration-dependencies',
  },
  'key-secret-kept': {
    severity: 'note',
    seen: '{keeper} keeps it, and would put back what is written by hand',
    means: 'A key that is written into the cluster lasts until its keeper runs next.',
    fix: 'change the key there, and not with `mise run flux:sops-key`',
    source: 'https://kubernetes.io/docs/reference/using-api/server-side-apply/',
  },
  'identity-idle': {
    severity: 'note',
    seen: 'its identity {recipient} opens no file that Flux decrypts with it, and no creation rule names it',
    means:
      'It is mostly left from a rotation, or the key of another repository. Whoever reads the Secret has that key too.',
    fix: '`mise run flux:sops-key{flags} --only`, with a key file that holds the identities in use',
    source: 'docs/tasks/flux-sops-key.md',
  },
} as const satisfies Record<string, Entry>
