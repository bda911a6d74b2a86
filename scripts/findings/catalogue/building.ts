import type { Entry } from '../entry.ts'

/** What Flux does with encrypted files. */
export const buildingFindings = {
  'not-built': {
    severity: 'note',
    seen: 'no Flux Kustomization of this repository builds this encrypted manifest',
    means: 'It gets into a cluster only where a person or another tool applies it. Flux will not decrypt it.',
    fix: 'list it in the `kustomization.yaml` of a path that Flux builds, or remove it where nobody needs it',
    source: 'https://fluxcd.io/flux/components/kustomize/kustomizations/#path',
  },
  'not-listed': {
    severity: 'warning',
    seen: 'lies in a directory that Flux builds, but {by} does not list it',
    means: 'Flux never applies it, and says nothing: the Kustomization is Ready=True without it.',
    fix: 'add it to the `resources` of {by}, or remove it where nobody needs it',
    source: 'https://fluxcd.io/flux/components/kustomize/kustomizations/#path',
  },
  'left-out': {
    severity: 'error',
    seen: 'is not in the artifact of Flux, and {by} names it: {owner} leaves it out ({pattern})',
    means: 'The build of the Kustomization fails: the file is not there for Flux.',
    fix: 'add the line `{line}` at the end of {into}, or take the file out of {by}',
    source: 'https://fluxcd.io/flux/components/source/gitrepositories/#ignore',
  },
  'symbolic-link': {
    severity: 'error',
    seen: 'is a symbolic link, which Flux does not have',
    means:
      'The artifact of a source has no symbolic links. Where a kustomization file names the link, the build fails; else the object is missing without a word.',
    fix: 'name the file itself, or put a copy in the place of the link',
    source:
      'https://github.com/fluxcd/pkg/blob/tar/v1.2.0/tar/tar.go; kustomize-controller v1.9.4 internal/decryptor/decryptor.go',
  },
  'built-without-decryption': {
    severity: 'error',
    seen: '{kustomization} builds {files} and has no decryption',
    means:
      'Flux applies the ciphertext as the value, mostly with Ready=True, or refuses all that the Kustomization builds.',
    fix: '`mise run flux:enable-decryption`',
    source: 'https://fluxcd.io/flux/components/kustomize/kustomizations/#decryption',
  },
  'built-twice': {
    severity: 'warning',
    seen: '{kustomization} builds {files}, and so does {other}',
    means:
      'Both own the same objects: each overwrites what the other applied, and the one that stops building them deletes them.',
    fix: 'take the file, or the path, out of one of the two',
    source: 'https://github.com/fluxcd/flux2/issues/4982; kustomize-controller v1.9.4',
  },
  'refused-block': {
    severity: 'error',
    seen: '{of}{fault}',
    means: 'The API server refuses the Kustomization, and with it all that is applied together with it.',
    fix: 'write `provider: sops` and `secretRef` with the `name` of the key Secret below `spec.decryption`',
    source: 'kustomize-controller v1.9.4 config/crd/bases/kustomize.toolkit.fluxcd.io_kustomizations.yaml',
  },
  'removed-version': {
    severity: 'warning',
    seen: '{who} an API version that Flux has removed: {versions}',
    means: 'From that version on the API server does not know the object, and what applies it fails.',
    fix: '`flux migrate -f .`',
    source: 'https://github.com/fluxcd/flux2/releases/tag/v2.8.0',
  },
  'never-decrypted': {
    severity: 'error',
    seen: 'reads the encrypted {encrypted} in {field}, whose files Flux does not decrypt',
    means: 'The ciphertext with its sops metadata gets into the cluster as the value, with Ready=True.',
    fix: 'name it in `secretGenerator` under `files` or `envs`',
    source:
      'https://fluxcd.io/flux/components/kustomize/kustomizations/#kustomize-secretgenerator; kustomize-controller v1.9.4 internal/decryptor/decryptor.go',
  },
  'minified-json': {
    severity: 'error',
    seen: 'is encrypted JSON without spaces after its colons, which Flux does not recognise',
    means: 'Flux looks for `"mac": "ENC[` with the space: the ciphertext gets into the cluster as the value.',
    fix: '`sops rotate --in-place {file}`, and keep formatters away from the file',
    source: 'kustomize-controller v1.9.4 internal/decryptor/decryptor.go, sopsFormatToMarkerBytes',
  },
  'format-mismatch': {
    severity: 'error',
    seen: 'reads {encrypted} as {expected} by the name {name}, and it is encrypted as {format}',
    means:
      'Flux takes the format from that name. It fails to decrypt the file, or puts another text into the Secret than was encrypted.',
    fix: 'give the entry of {encrypted} a name with the ending of {format}, or encrypt the plaintext anew as {expected}',
    source: 'kustomize-controller v1.9.4 internal/decryptor/decryptor.go, formatForPath',
  },
  'strategic-merge': {
    severity: 'warning',
    seen: 'merges the encrypted {encrypted} in patchesStrategicMerge, whose files Flux does not decrypt before the build',
    means:
      'The object gets the sops block of the patch. Flux decrypts it only as long as the object has no other value that the patch encrypts, and kustomize has deprecated the field.',
    fix: 'list it in `patches` with its `path`: Flux decrypts that before the build',
    source:
      'kustomize-controller v1.9.4 internal/decryptor/decryptor.go; https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/patchesstrategicmerge/',
  },
  'file-too-large': {
    severity: 'error',
    seen: 'is {size} MiB large, and Flux decrypts no file of a generator or a patch above 5 MiB',
    means: 'The build of the Kustomization fails. A Secret can hold 1 MiB only.',
    fix: 'split the file, or keep it outside of the cluster',
    source: 'kustomize-controller v1.9.4 internal/decryptor/decryptor.go, maxEncryptedFileSize',
  },
  'comment-selector': {
    severity: 'error',
    seen: 'is encrypted by {selector}, and kustomize drops the comments that it depends on',
    means:
      'When Flux decrypts the object no comment tells which values are encrypted: the ciphertext gets into the cluster, or the build fails.',
    fix: 'use `encrypted_regex: ^(data|stringData)$` in its creation rule, and encrypt its plaintext anew',
    source: 'https://github.com/fluxcd/kustomize-controller/issues/1411',
  },
  'decryption-disabled': {
    severity: 'error',
    seen: 'is encrypted, and has the annotation kustomize.toolkit.fluxcd.io/decrypt: disabled',
    means: 'Flux does not decrypt it: the ciphertext gets into the cluster, or the object is refused.',
    fix: 'remove the annotation',
    source:
      'https://fluxcd.io/flux/components/kustomize/kustomizations/#controlling-the-decryption-behavior-of-resources',
  },
  'whole-manifest': {
    severity: 'warning',
    seen: 'is a manifest whose apiVersion, kind or metadata is encrypted',
    means:
      'kustomize can read none of it: it works only until a namespace, a label, a prefix or a patch is added anywhere above it, and nobody sees in a review what it is.',
    fix: 'use `encrypted_regex: ^(data|stringData)$` in its creation rule, and encrypt its plaintext anew',
    source: 'https://fluxcd.io/flux/guides/mozilla-sops/#configure-in-cluster-secrets-decryption',
  },
  'ciphertext-changed': {
    severity: 'error',
    seen: '{by} writes `{key}` into the encrypted part of this manifest',
    means:
      'kustomize does so before Flux decrypts the object. Flux finds a plain value where the file says ciphertext, and the build fails.',
    fix: 'put the value into the file with `sops edit {file}`, or encrypt only `data` and `stringData` where it is metadata',
    source: 'https://github.com/fluxcd/kustomize-controller/issues/1371; kustomize-controller v1.9.4',
  },
  'several-key-groups': {
    severity: 'note',
    seen: '{threshold} of {groups} key groups must be opened to decrypt it',
    means: 'Flux needs an identity of each of that many groups in its key Secret, or the build fails.',
    fix: 'put an identity of each of {threshold} groups into the key Secret, or use one group',
    source: 'sops v3.13.3 sops.go GetDataKeyWithKeyServices',
  },
  'no-recipient-for-flux': {
    severity: 'error',
    seen: 'is encrypted only to {kinds}, while other files of {kustomization} are encrypted to age keys',
    means:
      'kustomize-controller takes neither SSH keys nor plugins of age, and a PGP key only where the key Secret has one as well: the build fails.',
    fix: 'add the age recipient of the cluster to the creation rule, then `sops updatekeys {file}`',
    source:
      'https://fluxcd.io/flux/components/kustomize/kustomizations/#decryption; kustomize-controller v1.9.4',
  },
} as const satisfies Record<string, Entry>
