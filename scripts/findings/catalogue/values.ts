import type { Entry } from '../entry.ts'

/** What the cluster will not take. */
export const valuesFindings = {
  'value-not-text': {
    severity: 'error',
    seen: '`{path}` of a {kind} is {is}, and must be a text',
    means:
      'The API server refuses the object, and Flux applies nothing of the Kustomization. Their messages show the decrypted value: in the status, in events, and in the log of the API server.',
    fix: 'put the value in quotes, with `sops edit {file}` where it is encrypted',
    source: 'https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/secret-v1/',
  },
  'value-date': {
    severity: 'warning',
    seen: '`{path}` is a date without quotes',
    means:
      'Flux applies another text than the one that was encrypted: with a time and a zone behind the date.',
    fix: 'put the value in quotes: `sops edit {file}`',
    source: 'sops v3.13.3 aes/cipher.go, which encrypts a date as `type:time`',
  },
  'data-not-base64': {
    severity: 'error',
    seen: '`{path}` is not base64',
    means: 'The API server refuses the object, and Flux applies nothing of the Kustomization.',
    fix: 'move the value from `data` to `stringData`, or encode it, with `sops edit {file}` where it is encrypted',
    source: 'https://kubernetes.io/docs/concepts/configuration/secret/#restriction-names-data',
  },
  'value-masked': {
    severity: 'error',
    seen: '`{path}` is the mask that `flux build` and `flux diff` print instead of a value',
    means: 'Flux applies the mask as the value: what uses the Secret gets `**SOPS**`.',
    fix: 'take the file from before that change: `git log --oneline -- {file}`',
    source: 'https://github.com/fluxcd/flux2/issues/2690',
  },
  'key-refused': {
    severity: 'error',
    seen: 'the name of `{path}` has characters that the API server refuses',
    means:
      'A key has only letters, digits, `-`, `_` and `.`, 253 at most, and does not start with `..`. The API server refuses an object with another one, and Flux applies nothing of the Kustomization. The message shows the name.',
    fix: 'rename the key, with `sops edit {file}` where the file is encrypted',
    source: 'https://kubernetes.io/docs/concepts/configuration/secret/#restriction-names-data',
  },
  'object-too-large': {
    severity: 'error',
    seen: 'the {kind} holds more than 1 MiB',
    means: 'The API server refuses the object, and Flux applies nothing of the Kustomization.',
    fix: 'split it into several objects',
    source: 'https://kubernetes.io/docs/concepts/configuration/secret/#restriction-data-size',
  },
  'secret-key-missing': {
    severity: 'error',
    seen: 'a Secret of the type {type} has no key {key}',
    means: 'The API server refuses the object, and Flux applies nothing of the Kustomization.',
    fix: 'name the key as the type wants it, or take `type: Opaque`, with `sops edit {file}` where the file is encrypted',
    source: 'https://kubernetes.io/docs/concepts/configuration/secret/#secret-types',
  },
  'docker-config-broken': {
    severity: 'error',
    seen: '`{path}` is no JSON object, as the type {type} wants it',
    means: 'The API server refuses the object, and Flux applies nothing of the Kustomization.',
    fix: 'write the value as `kubectl create secret docker-registry --dry-run=client -o yaml` prints it, with `sops edit {file}` where it is encrypted',
    source: 'https://kubernetes.io/docs/concepts/configuration/secret/#docker-config-secrets',
  },
  'name-missing': {
    severity: 'error',
    seen: 'the {kind} has no `metadata.name`',
    means: 'Flux refuses the file, and applies nothing of the Kustomization.',
    fix: 'give it a name, with `sops edit {file}` where the file is encrypted',
    source: 'https://kubernetes.io/docs/concepts/overview/working-with-objects/names/',
  },
  'list-encrypted': {
    severity: 'error',
    seen: 'holds encrypted objects in a list',
    means:
      'kustomize takes the objects out of the list without the `sops` block, so Flux decrypts none of them. It applies ciphertext, or the API server refuses it as no base64.',
    fix: 'write each object as a document of its own, with `---` before it: `sops edit {file}`',
    source: 'kustomize v0.21.1 api/resource/factory.go inlineAnyEmbeddedLists',
  },
  'substitution-fails': {
    severity: 'error',
    seen: '`{path}` holds {what}, and the Kustomization {kustomization} replaces variables in it after decryption',
    means:
      'Flux refuses the whole Kustomization, and its message may show the name of the variable. Where strict substitution is switched off in the controller, a variable without a value is replaced by nothing.',
    fix: 'double the `$` before the brace with `sops edit {file}`, or give the object the annotation `kustomize.toolkit.fluxcd.io/substitute: disabled`',
    source:
      'https://fluxcd.io/flux/components/kustomize/kustomizations/#post-build-variable-substitution; fluxcd/pkg/envsubst v1.7.0 parse/parse.go',
  },
  'substitution-unseen': {
    severity: 'note',
    seen: '`{path}` holds a variable that the Kustomization {kustomization} replaces after decryption, and only `substituteFrom` may give it a value',
    means: 'Without a value for it, Flux refuses the whole Kustomization.',
    fix: 'look for the variable in the objects of `substituteFrom`; where it is meant as text, double the `$` before the brace with `sops edit {file}`',
    source: 'https://fluxcd.io/flux/components/kustomize/kustomizations/#post-build-variable-substitution',
  },
  'dollar-lost': {
    severity: 'warning',
    seen: '`{path}` holds `$$`, of which the Kustomization {kustomization} takes one away after decryption',
    means: 'The cluster gets another value than the one that was encrypted.',
    fix: 'give the object the annotation `kustomize.toolkit.fluxcd.io/substitute: disabled`, or double each of them with `sops edit {file}`',
    source: 'fluxcd/pkg/envsubst v1.7.0 parse/scan.go scanEscaped',
  },
  'config-applied': {
    severity: 'error',
    seen: 'lies where the Kustomization {kustomization} takes all YAML files for manifests',
    means:
      'Flux refuses the whole Kustomization: `missing Resource metadata`. It leaves `.sops.yaml` out by itself only as long as there is no `.sourceignore` and no `spec.ignore`.',
    fix: 'add a line `**/.sops.yaml` to the `.sourceignore` or the `spec.ignore`',
    source: 'https://fluxcd.io/flux/components/source/gitrepositories/#ignore',
  },
} as const satisfies Record<string, Entry>
