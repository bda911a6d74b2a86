import type { Entry } from '../entry.ts'

const removeFirst = 'remove it first: `mise run sops:test-remove` with the same --kustomization and --name'

const addRule = 'add a rule, for example with path_regex: \\.enc\\.(json|yaml)$'

/** Why a test Secret is not made or removed. */
export const testSecretFindings = {
  // what the user asks for
  'message-empty': {
    severity: 'error',
    seen: '--message is empty, and SOPS does not encrypt that',
    means: 'sops leaves an empty value as it is, so it would prove nothing.',
    fix: 'give it a text',
    source: 'https://github.com/getsops/sops/blob/v3.13.3/aes/cipher.go',
  },
  'name-not-allowed': {
    severity: 'error',
    seen: "{flag} {name} can't be used",
    means: 'The API server takes a DNS label there, and the name becomes a directory as well.',
    fix: 'use lowercase letters, digits and -, 63 characters at most',
    source: 'https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-label-names',
  },
  'file-name-not-allowed': {
    severity: 'error',
    seen: "--file-name {name} can't be used",
    means: 'The file belongs in the directory of the Secret, and sops tells its format by the ending.',
    fix: 'take a name in the directory of the Secret, such as secret.sops.yaml or secrets/test.yaml, that ends with .yaml, .yml or .json',
    source: 'https://getsops.io/docs/',
  },

  // where it would go
  'nothing-applies': {
    severity: 'error',
    seen: 'nothing here applies {kustomization}: {why}',
    means: 'What is put into its path gets into no cluster, as far as the repository tells.',
    fix: 'choose another one with --kustomization',
    source: 'docs/tasks/sops-test-create.md',
  },
  'other-source': {
    severity: 'error',
    seen: 'the Flux Kustomization {kustomization} builds the path {path} of another source, {source}: a Secret in this repository would never get there',
    means: 'Flux looks for the path in what that source has fetched.',
    fix: 'choose one whose source is this repository with --kustomization',
    source: 'https://github.com/fluxcd/kustomize-controller/blob/v1.9.4/docs/spec/v1/kustomizations.md',
  },
  'path-outside': {
    severity: 'error',
    seen: 'the path of the Flux Kustomization {kustomization}, {path}, leads out of the repository',
    means: 'Flux builds nothing outside of what the source has fetched, and these tasks write nothing there.',
    fix: 'correct spec.path',
    source: 'https://github.com/fluxcd/kustomize-controller/blob/v1.9.4/docs/spec/v1/kustomizations.md',
  },
  'path-no-directory': {
    severity: 'error',
    seen: 'the path of the Flux Kustomization {kustomization}, {path}, is not a directory of this repository',
    means: 'Flux fails on a path that it does not find.',
    fix: 'correct spec.path, or choose another one with --kustomization',
    source: 'https://github.com/fluxcd/kustomize-controller/blob/v1.9.4/docs/spec/v1/kustomizations.md',
  },
  'path-over-link': {
    severity: 'error',
    seen: 'the path of the Flux Kustomization {kustomization}, {path}, leads over a symbolic link, which Flux does not follow',
    means: 'The artifact of a source holds no symbolic links.',
    fix: 'give it the real path: {real}',
    source: 'https://github.com/fluxcd/pkg/blob/artifact/v0.18.1/artifact/storage/archive.go',
  },
  'directory-vanishes': {
    severity: 'error',
    seen: 'refusing to put a test Secret into {directory} or to remove it: git knows no other file there, so the directory would vanish with it, and Flux would fail instead of pruning the Secret',
    means: 'git keeps no empty directories. Flux fails where spec.path is missing, and prunes nothing then.',
    fix: 'commit a kustomization.yaml with `resources: []` there',
    source:
      'https://github.com/fluxcd/kustomize-controller/blob/v1.9.4/internal/controller/kustomization_controller.go',
  },
  'place-taken': {
    severity: 'error',
    seen: 'cannot create {directory}: something else of that name is there',
    means: 'The test Secret would be mixed with files of somebody else.',
    fix: 'choose another --name',
    source: 'docs/tasks/sops-test-create.md',
  },
  'test-secret-differs': {
    severity: 'error',
    seen: 'cannot create {directory}: it is there already, {how}',
    means: 'A test Secret is never changed, for then it would not be known what it proves.',
    fix: removeFirst,
    source: 'docs/tasks/sops-test-create.md',
  },
  'message-unknown': {
    severity: 'error',
    seen: 'cannot create {directory}: it is there already, and only a key can tell its message',
    means: 'Whether it is the one that is wanted is not known.',
    fix: removeFirst,
    source: 'docs/tasks/sops-test-create.md',
  },
  'message-differs': {
    severity: 'error',
    seen: '{file} holds another message',
    means: 'A test Secret is never changed, for then it would not be known what it proves.',
    fix: removeFirst,
    source: 'docs/tasks/sops-test-create.md',
  },
  'not-ours': {
    severity: 'error',
    seen: 'cannot remove {directory}: sops:test-create did not make it, or not all of it',
    means: 'Files of somebody else are never deleted.',
    fix: 'remove it by hand, where it is yours',
    source: 'docs/tasks/sops-test-remove.md',
  },

  // how it would be encrypted
  'rule-missing': {
    severity: 'error',
    seen: 'cannot encrypt {file}: no creation rule selects it. Tried:{rules}',
    means: 'sops encrypts only what a rule selects.',
    fix: `{name}, or ${addRule}`,
    source: 'https://github.com/getsops/sops/blob/v3.13.3/config/config.go',
  },
  'own-key-wrong': {
    severity: 'error',
    seen: "the age key from {source} can't decrypt {file}\n  the file is for  {recipients}\n  the key is of    {own}",
    means: 'The creation rule does not name the key that you have, so you could not read what you encrypt.',
    fix: 'make {rule} name the recipient of the key, or name the key that the file is for with --key-file',
    source: 'https://github.com/getsops/sops/blob/v3.13.3/age/keysource.go (MasterKey.Decrypt)',
  },
  'own-key-groups': {
    severity: 'error',
    seen: "the age key from {source} can't decrypt {file}: {needed} of its {groups} key groups must be opened, and this key opens {opened}",
    means: 'With several key groups the data key is shared out among them, and one key is not enough.',
    fix: 'put the recipient of the key into more groups of {rule}, or give it a lower shamir_threshold: the keys in the cluster must open as many',
    source: 'https://github.com/getsops/sops/blob/v3.13.3/sops.go (GetDataKeyWithKeyServices)',
  },
  'own-key-fails': {
    severity: 'error',
    seen: "the age key from {source} can't decrypt {file}: {says}",
    means: 'The key is a recipient of the file, and sops fails all the same.',
    fix: 'see whether `sops decrypt` reads it by hand',
    source: 'https://getsops.io/docs/',
  },
  'ignored-by-git': {
    severity: 'error',
    seen: 'git ignores {files}{by}, so Flux would never see the test Secret',
    means: 'What git ignores is in no commit.',
    fix: 'take the pattern out of that file, or choose another name with --file-name',
    source: 'https://git-scm.com/docs/gitignore',
  },

  // the kustomization file of the path
  'entry-not-added': {
    severity: 'error',
    seen: 'cannot add {name} to the resources of {file}: {why}',
    means: 'It is not certain that an edit would change only the list.',
    fix: 'write the list in a plain way, or choose another --kustomization',
    source: 'docs/tasks/sops-test-create.md',
  },
  'entry-not-removed': {
    severity: 'error',
    seen: 'cannot take {name} out of the resources of {file}: {why}',
    means: 'It is not certain that an edit would change only the list.',
    fix: 'take it out by hand, and remove {directory}',
    source: 'docs/tasks/sops-test-remove.md',
  },
  'not-in-build': {
    severity: 'error',
    seen: '`kustomize build {directory}` leaves the test Secret out',
    means: 'Flux builds the path in the same way, so the Secret would never get into the cluster.',
    fix: 'look at the patches, components and transformers of the path for what takes Secrets out, or choose another --kustomization',
    source: 'https://kubectl.docs.kubernetes.io/references/kustomize/',
  },
  'build-fails-without': {
    severity: 'error',
    seen: 'cannot create {directory}: even without it, {problem}',
    means: 'Flux fails on this path already.',
    fix: 'mend that first',
    source: 'https://kubectl.docs.kubernetes.io/references/kustomize/',
  },
  'placed-elsewhere': {
    severity: 'warning',
    seen: 'in the cluster it will be {secret}: the kustomizations around it change that',
    means: 'A namespace, a prefix or a suffix of the path is added to what the file says.',
    fix: 'look for it under that name',
    source: 'https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/namespace/',
  },
} as const satisfies Record<string, Entry>
