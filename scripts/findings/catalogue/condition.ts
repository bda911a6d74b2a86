import type { Entry } from '../entry.ts'

/** The likely causes of what a Kustomization says of itself. Those that lie in the key Secret are among its findings. */
export const conditionFindings = {
  substitution: {
    severity: 'error',
    seen: 'the post-build substitution of the Kustomization failed',
    means: 'A variable is not set, or what it comes from is missing. Nothing of the path is applied.',
    fix: 'check spec.postBuild and the Secrets and ConfigMaps that it substitutes from',
    source: 'https://github.com/fluxcd/pkg/blob/kustomize/v1.35.4/kustomize/kustomize_varsub.go',
  },
  'plugin-identity': {
    severity: 'error',
    seen: 'a plugin identity was tried, and no other one matched',
    means: 'The image of the controller has no age plugins, so it cannot use such an identity.',
    fix: 'encrypt to an age identity that needs no plugin, and put it into the key Secret',
    source: 'https://github.com/fluxcd/kustomize-controller/blob/v1.9.4/Dockerfile',
  },
  'plaintext-in-encrypted-file': {
    severity: 'error',
    seen: 'a file holds a plain value where sops expects an encrypted one: edited by hand, or a patch wrote into it',
    means:
      'sops decrypts no value of such a file, so Flux applies nothing of the path. Whoever can read the repository can read the value.',
    fix: 'edit encrypted files with `sops edit` only',
    source: 'https://github.com/getsops/sops/blob/v3.13.3/aes/cipher.go',
  },
  'value-not-authentic': {
    severity: 'error',
    seen: 'a key of {what} was renamed or moved after it was encrypted, or its value was damaged',
    means:
      'sops authenticates each value with its path, so at another place it cannot be decrypted. Flux applies nothing of the path.',
    fix: 'give it its old name back, or its old value (`git log -p` of the file shows both); change encrypted files with `sops edit` only',
    source: 'https://github.com/getsops/sops/blob/v3.13.3/sops.go (Tree.Decrypt)',
  },
  'namespace-missing': {
    severity: 'error',
    seen: 'the namespace of {what} does not exist{builds}',
    means: 'Flux creates no namespace by itself, and applies nothing into one that is not there.',
    fix: 'create it, or {choose}',
    source: 'https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/',
  },
  'not-base64': {
    severity: 'error',
    seen: 'a value under data is not base64',
    means: 'The API server refuses the Secret. Nothing of the path is applied.',
    fix: 'use stringData',
    source: 'https://kubernetes.io/docs/concepts/configuration/secret/',
  },
  'not-a-string': {
    severity: 'error',
    seen: '{what} is not a string; it was printed by the API server, so change it',
    means:
      'YAML reads 12345 and true as a number and a boolean, and a Secret takes strings only. The refusal quotes the value, which is in logs and events now.',
    fix: 'put it in quotes, with `sops edit` where the file is encrypted, and make it anew',
    source:
      'https://github.com/kubernetes-sigs/structured-merge-diff; https://kubernetes.io/docs/concepts/configuration/secret/',
  },
  'path-missing': {
    severity: 'error',
    seen: 'spec.path is not in the repository at this commit',
    means: 'Flux fails, and goes on with what it applied last: it prunes nothing.',
    fix: 'correct spec.path',
    source:
      'https://github.com/fluxcd/kustomize-controller/blob/v1.9.4/internal/controller/kustomization_controller.go',
  },
  build: {
    severity: 'error',
    seen: 'kustomize cannot build the path',
    means: 'Nothing of the path is applied, and nothing is pruned.',
    fix: 'mend what it names; where `kustomize build` of the path works, .sourceignore or spec.ignore leaves a file out, or spec.patches and spec.components fail',
    source: 'https://github.com/fluxcd/pkg/blob/kustomize/v1.35.4/kustomize/kustomize_generator.go',
  },
  health: {
    severity: 'error',
    seen: 'an object of this Kustomization does not become ready',
    means: 'The commit is applied, but Kustomizations that depend on this one do not follow.',
    fix: 'look at the object that the message names',
    source:
      'https://github.com/fluxcd/kustomize-controller/blob/v1.9.4/internal/controller/kustomization_controller.go (checkHealth)',
  },
  dependency: {
    severity: 'error',
    seen: 'a Kustomization that this one depends on, {dependency}, is {state}',
    means: 'Flux applies a Kustomization only when all that it depends on are ready.',
    fix: 'mend or add that one, or correct spec.dependsOn',
    source: 'https://github.com/fluxcd/kustomize-controller/blob/v1.9.4/docs/spec/v1/kustomizations.md',
  },
  immutable: {
    severity: 'error',
    seen: '{what} cannot be changed{field}',
    means: 'The API server refuses a change of such a field. Nothing of the path is applied.',
    fix: 'give it another name, or the annotation `kustomize.toolkit.fluxcd.io/force: enabled`, with which Flux deletes it and creates it anew',
    source: 'https://github.com/fluxcd/kustomize-controller/blob/v1.9.4/docs/spec/v1/kustomizations.md',
  },
  'not-ready': {
    severity: 'error',
    seen: '{says}',
    means: 'The Kustomization says so itself, and no cause that is known here fits.',
    fix: '`kubectl describe kustomization {name} -n {namespace}`',
    source: 'https://github.com/fluxcd/kustomize-controller/blob/v1.9.4/docs/spec/v1/kustomizations.md',
  },
  'apply-late': {
    severity: 'error',
    seen: 'did not apply the commit in time; it says {says}',
    means: 'The time was over before Flux came to this commit.',
    fix: '`kubectl describe kustomization {name} -n {namespace}`, or a longer --timeout',
    source: 'https://github.com/fluxcd/kustomize-controller/blob/v1.9.4/docs/spec/v1/kustomizations.md',
  },
  'no-status': {
    severity: 'error',
    seen: 'has no Ready condition',
    means: 'No controller has looked at it yet.',
    fix: 'see whether {controller} runs: `kubectl get pods -A -l app={controller}`',
    source: 'https://github.com/fluxcd/kustomize-controller/blob/v1.9.4/docs/spec/v1/kustomizations.md',
  },
} as const satisfies Record<string, Entry>
