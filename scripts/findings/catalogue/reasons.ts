import type { Entry } from '../entry.ts'

/** What there is to know of a Flux Kustomization in the files, above all why it gets no decryption block. `it` is the Kustomization. */
export const reasonFindings = {
  // what Flux makes of it
  'no-decryption': {
    severity: 'error',
    seen: 'has no spec.decryption{where}: Flux would apply the ciphertext, or refuse it',
    means: 'Encrypted values get into the cluster as they stand in git, or the API server refuses them.',
    fix: '`mise run flux:enable-decryption{root}`, commit, push, and wait for Flux',
    source: 'https://github.com/fluxcd/kustomize-controller/blob/v1.9.4/docs/spec/v1/kustomizations.md',
  },
  'block-taken-away': {
    severity: 'error',
    seen: '{file} takes its block away',
    means:
      'A patch removes spec.decryption on the way into the cluster, so Flux does not decrypt what it builds.',
    fix: 'take spec.decryption out of what that file removes',
    source: 'https://github.com/fluxcd/pkg/blob/kustomize/v1.35.4/kustomize/kustomize_generator.go',
  },
  'kustomization-incomplete': {
    severity: 'note',
    seen: 'the API server would refuse it, for it lacks {fields}',
    means: 'It is a template, or a patch that other files complete. As it stands it is in no cluster.',
    fix: 'add what it lacks, where it is meant to be applied as it stands',
    source:
      'https://github.com/fluxcd/kustomize-controller/blob/v1.9.4/config/crd/bases/kustomize.toolkit.fluxcd.io_kustomizations.yaml',
  },
  'kustomization-not-listed': {
    severity: 'note',
    seen: '{by} lists others beside it, and not it',
    means: 'kustomize builds what its file lists and nothing else, so no cluster gets this one.',
    fix: 'add its file to the resources there, where it is meant to be applied',
    source: 'https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/resource/',
  },
  'out-of-artifact': {
    severity: 'error',
    seen: '{by} leaves {what} out of what Flux gets (pattern {pattern})',
    means: 'Flux never sees the file, however it is committed.',
    fix: 'add the line !/{directory}/ {where}, or use another path',
    source: 'https://github.com/fluxcd/pkg/blob/sourceignore/v0.18.0/sourceignore/sourceignore.go',
  },

  // why it needs no block, or has one
  'builds-nothing-encrypted': {
    severity: 'note',
    seen: 'it builds no encrypted file',
    means: 'There is nothing that Flux would have to decrypt.',
    fix: 'leave it as it is, or run `mise run flux:enable-decryption` without --needed',
    source: 'docs/tasks/flux-enable-decryption.md',
  },
  'path-not-here': {
    severity: 'note',
    seen: 'its path {path} is not here, or its source is another one, so it is not known to build an encrypted file',
    means: 'What it builds is in another repository, or is made later.',
    fix: 'run `mise run flux:enable-decryption` in the repository that has the path, or without --needed',
    source: 'docs/tasks/flux-enable-decryption.md',
  },
  'block-given': {
    severity: 'note',
    seen: '{files} {give} it one{key}',
    means: 'What applies it adds a decryption block, so the file needs none.',
    fix: 'leave it as it is',
    source: 'https://github.com/fluxcd/kustomize-controller/blob/v1.9.4/docs/spec/v1/kustomizations.md',
  },
  'block-given-in-part': {
    severity: 'warning',
    seen: '{file} gives it one, {without} does not',
    means: 'The same file gets into the cluster in two ways, and by one of them without decryption.',
    fix: 'write the block into the file itself: `mise run flux:enable-decryption`',
    source: 'docs/tasks/flux-enable-decryption.md',
  },
  'block-completed': {
    severity: 'note',
    seen: 'what it lacks is added before it is applied',
    means: 'In the cluster the block is the one that is wanted.',
    fix: 'leave it as it is',
    source: 'docs/tasks/flux-enable-decryption.md',
  },
  'block-changed': {
    severity: 'note',
    seen: 'its block is changed, or taken away, before it is applied',
    means: 'A patch or a component decides what is in the cluster, and not this file.',
    fix: 'look at the patches and components that apply it, where the block in the cluster is not the one that you want',
    source: 'docs/tasks/flux-enable-decryption.md',
  },
  'other-block': {
    severity: 'note',
    seen: 'it has a decryption block of its own: {provider}, {secret}',
    means: 'Somebody has chosen another key Secret for it. Flux looks for that one in its namespace.',
    fix: 'put the key there (`mise run flux:sops-key --name NAME --namespace NAMESPACE`), or change the block by hand',
    source: 'https://github.com/fluxcd/kustomize-controller/blob/v1.9.4/docs/spec/v1/kustomizations.md',
  },
  'controller-has-key': {
    severity: 'note',
    seen: 'the controller has the key ({key})',
    means:
      'The flag --sops-age-secret gives the controller a key for every Kustomization that names no Secret.',
    fix: 'leave it as it is',
    source: 'https://github.com/fluxcd/kustomize-controller/blob/v1.9.4/main.go',
  },
  'controller-key-is-enough': {
    severity: 'note',
    seen: 'the controller has a key ({key}): --provider-only is enough',
    means: 'A block without secretRef decrypts with that key, so no Secret is needed in the namespace.',
    fix: '`mise run flux:enable-decryption --provider-only`',
    source: 'https://github.com/fluxcd/kustomize-controller/blob/v1.9.4/main.go',
  },

  // why it is not edited
  'used-as-patch': {
    severity: 'note',
    seen: '{by} uses it as a patch',
    means: 'It changes a Kustomization, and is none.',
    fix: 'leave it as it is',
    source: 'https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/patches/',
  },
  'not-edited': {
    severity: 'note',
    seen: '{why}',
    means: 'It is not certain that an edit would change only what is wanted.',
    fix: 'add spec.decryption by hand, where it builds encrypted files',
    source: 'docs/tasks/flux-enable-decryption.md',
  },
  'spec-not-edited': {
    severity: 'note',
    seen: "its spec can't be edited: {why}",
    means: 'It is not certain that an edit would change only what is wanted.',
    fix: 'add spec.decryption by hand',
    source: 'docs/tasks/flux-enable-decryption.md',
  },
  'more-than-spec': {
    severity: 'note',
    seen: 'the block would change more than this spec, for example through an anchor',
    means: 'Read again, the edited file is not the old one plus the block.',
    fix: 'add spec.decryption by hand',
    source: 'docs/tasks/flux-enable-decryption.md',
  },
  'object-not-known': {
    severity: 'note',
    seen: '{gap}: what that makes of it is not known',
    means: 'A feature of kustomize or Flux that is not followed may change its block.',
    fix: 'name its file: `mise run flux:enable-decryption FILE`, where you know that it needs the block',
    source: 'docs/tasks/flux-enable-decryption.md',
  },
  'files-not-known': {
    severity: 'note',
    seen: '{gap}: whether that brings an encrypted file is not known',
    means: 'What it builds is not all in this repository.',
    fix: 'run `mise run flux:enable-decryption` without --needed, where it brings one',
    source: 'docs/tasks/flux-enable-decryption.md',
  },

  // the one that `flux bootstrap` writes
  'bootstrap-without-need': {
    severity: 'note',
    seen: '`flux bootstrap` writes this file anew; it builds no encrypted file, so it needs no patch yet (--root adds it)',
    means: 'The block has to stand in the kustomization file beside it.',
    fix: '`mise run flux:enable-decryption --root` before the first encrypted file is there',
    source: 'https://fluxcd.io/flux/installation/configuration/bootstrap-customization/',
  },
  'bootstrap-several': {
    severity: 'note',
    seen: '`flux bootstrap` writes this file anew, and it holds several',
    means: 'One patch beside it would not do for all of them.',
    fix: 'add a patch for each to the kustomization file beside it by hand',
    source: 'https://fluxcd.io/flux/installation/configuration/bootstrap-customization/',
  },
  'bootstrap-not-edited': {
    severity: 'note',
    seen: '`flux bootstrap` writes this file anew, and {why}',
    means:
      'A block in the file itself would be lost, and the patch beside it cannot be written with certainty.',
    fix: 'add the patch that the hint shows to the kustomization file beside it by hand',
    source: 'https://fluxcd.io/flux/installation/configuration/bootstrap-customization/',
  },
  'pinned-patch': {
    severity: 'error',
    seen: 'the patch in {file} is for a version that it has no more, so kustomize builds nothing: it is written anew',
    means: 'kustomize finds no object for the patch and fails, and Flux with it.',
    fix: '`mise run flux:enable-decryption` writes it for every version',
    source: 'https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/patches/',
  },

  // what only the user can give a block
  'bootstrap-patch': {
    severity: 'warning',
    seen: '{name} lacks decryption, and `flux bootstrap` writes its file anew',
    means: 'A block in the file itself would be lost. A patch beside it stays.',
    fix: 'for {name}, put this patch into the kustomization file beside {file}',
    source: 'https://fluxcd.io/flux/installation/configuration/bootstrap-customization/',
  },
  'flux-instance': {
    severity: 'warning',
    seen: 'the FluxInstance {name} lets nothing of what it syncs be decrypted',
    means:
      'The Flux Operator makes the Kustomization from the FluxInstance, and takes any other change back.',
    fix: 'put this patch into {file}',
    source: 'https://fluxoperator.dev/docs/crd/fluxinstance/',
  },
  'resource-set': {
    severity: 'warning',
    seen: 'the ResourceSet {name} makes the Kustomization {made}, which builds encrypted files',
    means: 'The Flux Operator makes the Kustomization from the ResourceSet, and takes any other change back.',
    fix: 'put this into its spec in {file}',
    source: 'https://fluxoperator.dev/docs/crd/resourceset/',
  },
  'key-secret': {
    severity: 'note',
    seen: 'the Secret {secret} has to be in the namespaces of these Kustomizations, {namespaces}',
    means: 'Flux looks for the key Secret in the namespace of each Kustomization, and nowhere else.',
    fix: 'put the key there: `mise run flux:sops-key --namespace NAMESPACE`, or a file of the repository that brings it',
    source: 'https://github.com/fluxcd/kustomize-controller/blob/v1.9.4/internal/decryptor/decryptor.go',
  },
} as const satisfies Record<string, Entry>
