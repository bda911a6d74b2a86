import type { Entry } from '../entry.ts'

const generator = 'https://github.com/fluxcd/pkg/blob/kustomize/v1.35.4/kustomize/kustomize_generator.go'
const substitution = 'https://github.com/fluxcd/pkg/blob/kustomize/v1.35.4/kustomize/kustomize_varsub.go'
const decryptor = 'kustomize-controller v1.9.4 internal/decryptor/decryptor.go'

/** The likely causes of what a Kustomization says of itself that lie in the files which it builds. */
export const conditionFileFindings = {
  // in the values of objects
  'variable-not-set': {
    severity: 'error',
    seen: '{what} holds the variable {variable}, which has no value',
    means:
      'Flux replaces variables after it has decrypted, and refuses one without a value. Nothing of the path is applied.',
    fix: 'give it a value in spec.postBuild; where it is meant as text, double the `$` before the brace (with `sops edit` where the file is encrypted)',
    source: substitution,
  },
  'variable-unreadable': {
    severity: 'error',
    seen: '{what} holds a `$` with a brace that Flux cannot read as a variable',
    means:
      'Flux replaces variables after it has decrypted; what is meant for a shell, an array for example, it cannot read. Nothing of the path is applied.',
    fix: 'double the `$` before the brace (with `sops edit` where the file is encrypted), or give the object the annotation `kustomize.toolkit.fluxcd.io/substitute: disabled`',
    source: 'https://github.com/fluxcd/pkg/blob/envsubst/v1.7.0/envsubst/parse/parse.go',
  },
  'variable-name': {
    severity: 'error',
    seen: '{from} has the variable {variable}, and Flux takes no such name',
    means:
      'A name has letters, digits and `_` only, and does not begin with a digit. Nothing of the path is applied.',
    fix: 'rename it there and where it is used',
    source: substitution,
  },
  'substitute-from-missing': {
    severity: 'error',
    seen: 'spec.postBuild.substituteFrom names {what}, which is not in the namespace of the Kustomization{origin}',
    means: 'Flux applies nothing of the path until it is there.',
    fix: 'apply it before this Kustomization, which then names what brings it in spec.dependsOn; or write `optional: true` where it may be missing',
    source: substitution,
  },
  'data-key-refused': {
    severity: 'error',
    seen: 'a key of a Secret or ConfigMap has characters that the API server refuses',
    means:
      'A file that is not dotenv gives such keys under `envs` of a generator: whole lines of it. The refusal quotes the key, which is in logs and events now.',
    fix: 'write the file as dotenv, or rename the key; make a secret anew that stood in it',
    source: 'https://kubernetes.io/docs/concepts/configuration/secret/#restriction-names-data',
  },
  'field-refused': {
    severity: 'error',
    seen: 'the API server refuses `{field}` of {what}: {why}',
    means: 'Nothing of the path is applied, what is right beside it neither.',
    fix: 'correct it; `kubectl explain` of its kind shows the fields',
    source: 'https://github.com/fluxcd/kustomize-controller/blob/v1.9.4/docs/spec/v1/kustomizations.md',
  },

  // in encrypted files
  'metadata-incomplete': {
    severity: 'error',
    seen: 'the SOPS metadata of a file lacks {field}, or has it wrong',
    means: 'sops and Flux refuse the file: nobody can read it as it is.',
    fix: 'take its `sops` block back from the last version in which it was right',
    source: 'sops v3.13.3 stores/stores.go ToInternal',
  },
  'another-format': {
    severity: 'error',
    seen: 'a file of secretGenerator is encrypted in another format than its name in the Secret tells',
    means: 'Flux takes the format from the name of the key. Nothing of the path is applied.',
    fix: 'give the entry a name with the ending of the format in which the file is encrypted: `files: [NAME.yaml=FILE]`',
    source: `${decryptor}, formatForPath`,
  },
  'source-refused': {
    severity: 'error',
    seen: 'a file of a generator or a patch is no regular file, or larger than 5 MiB',
    means: 'Flux reads such a file before the build, to decrypt it, and takes no other ones.',
    fix: 'name a regular file there that is smaller',
    source: `${decryptor}, sopsDecryptFile`,
  },
  'whole-manifest-changed': {
    severity: 'error',
    seen: 'kustomize is to change a manifest whose apiVersion, kind or metadata is encrypted',
    means: 'It can read none of it, and breaks off. Nothing of the path is applied.',
    fix: 'use `encrypted_regex: ^(data|stringData)$` in its creation rule, and encrypt its plaintext anew',
    source: 'https://fluxcd.io/flux/guides/mozilla-sops/#configure-in-cluster-secrets-decryption',
  },

  'merge-not-decrypted': {
    severity: 'error',
    seen: 'merges the encrypted {encrypted} by patchesStrategicMerge into an object that has other values in the clear',
    means:
      'Flux decrypts no file of that field before the build, so the object gets the sops block of the patch, and Flux takes all its values for encrypted ones.',
    fix: 'list it in `patches` with its `path`: Flux decrypts that before the build',
    source: decryptor,
  },

  // in what kustomize reads
  'listed-missing': {
    severity: 'error',
    seen: 'names {path}, which Flux does not have{near}',
    means: 'kustomize builds nothing of the path as long as one of its files is missing.',
    fix: 'correct the name, or commit what it names; `git status --ignored` shows what git leaves out',
    source: 'https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/resource/',
  },
  'no-kustomization-file': {
    severity: 'error',
    seen: 'names {directory}, in which there is no kustomization file',
    means:
      'A directory can be a resource or a component only by its kustomization file. Nothing of the path is applied.',
    fix: 'write a `kustomization.yaml` there, or name its files one by one',
    source: 'https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/resource/',
  },
  'several-kustomization-files': {
    severity: 'error',
    seen: '{directory} has several kustomization files{files}',
    means: 'kustomize takes none of them. Nothing of the path is applied.',
    fix: 'keep one of them',
    source: 'https://github.com/kubernetes-sigs/kustomize/blob/api/v0.21.1/api/internal/target/kusttarget.go',
  },
  'kustomization-file-broken': {
    severity: 'error',
    seen: '{what} is no kustomization file that Flux can read{why}',
    means: 'Nothing of the path is applied.',
    fix: 'correct it until `kustomize build` takes the directory',
    source: generator,
  },
  'kustomization-file-empty': {
    severity: 'error',
    seen: 'names {directory}, whose kustomization file brings nothing',
    means: 'kustomize refuses a directory without any resource. Nothing of the path is applied.',
    fix: 'list something there, or take the directory out',
    source: 'https://github.com/kubernetes-sigs/kustomize/blob/api/v0.21.1/api/internal/target/kusttarget.go',
  },
  'component-kind': {
    severity: 'error',
    seen: 'names {directory}, which is a {kind}',
    means:
      'kustomize takes a Component under `components` and a Kustomization under `resources`, and no other way round. Nothing of the path is applied.',
    fix: 'name it under `{field}`, or change the `kind` of its kustomization file',
    source: 'https://kubectl.docs.kubernetes.io/guides/config_management/components/',
  },
  'yaml-broken': {
    severity: 'error',
    seen: '{what} cannot be read as YAML{why}',
    means: 'Nothing of the path is applied.',
    fix: 'correct that line, or take the file back from the last version in which it was right',
    source: 'https://yaml.org/spec/1.2.2/',
  },
  'no-object': {
    severity: 'error',
    seen: '{what} is no object of Kubernetes{lacks}',
    means:
      'Without a kustomization file Flux takes every YAML file below the path for manifests. Nothing of the path is applied.',
    fix: 'move it out of the path, or list the manifests in a `kustomization.yaml` there',
    source: generator,
  },
  'declared-twice': {
    severity: 'error',
    seen: '{object} is declared twice{files}',
    means: 'kustomize takes each object once in a build. Nothing of the path is applied.',
    fix: 'remove one of the two, or name it under `patches` where it is to change the other',
    source: 'https://github.com/kubernetes-sigs/kustomize/blob/api/v0.21.1/api/resmap/reswrangler.go',
  },
  'patch-without-target': {
    severity: 'error',
    seen: 'has a patch that finds nothing to change{target}',
    means: 'kustomize builds nothing of the path then.',
    fix: 'correct the name or the path in the patch, or remove it',
    source: 'https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/patches/',
  },
} as const satisfies Record<string, Entry>
