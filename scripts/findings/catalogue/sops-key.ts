import type { Entry } from '../entry.ts'

const rotation =
  'put the old and the new identity into the key file, one a line, and run this again; then add the new recipient to .sops.yaml, run `sops updatekeys` on these files, push, and run this with the new identity alone. --force replaces the key all the same'

/** Why `flux:sops-key` does not write a key Secret, or what comes of writing it. */
export const sopsKeyFindings = {
  // it cannot be seen what still needs an identity that goes
  'no-repository': {
    severity: 'error',
    seen: 'this is no git repository, so it cannot be checked whether files still need it',
    means: 'An identity that is taken out may be the only one that opens a file: Flux would fail on it.',
    fix: 'run it inside the repository, {keep}',
    source: 'docs/tasks/flux-sops-key.md',
  },
  'sparse-checkout': {
    severity: 'error',
    seen: 'this is a sparse checkout, so it cannot be checked whether the files that are not in it still need it',
    means: 'An identity that is taken out may be the only one that opens a file: Flux would fail on it.',
    fix: '`git sparse-checkout disable` brings them, or {keep}',
    source: 'https://git-scm.com/docs/git-sparse-checkout',
  },
  'users-unseen': {
    severity: 'error',
    seen: 'you may not list the Kustomizations and GitRepositories of the cluster, so it cannot be seen what still needs it',
    means: 'Files of other repositories, or of older commits, may need an identity that is taken out.',
    fix: 'ask for the right to list them in all namespaces, {keep}',
    source: 'https://kubernetes.io/docs/reference/access-authn-authz/rbac/',
  },
  'files-unseen': {
    severity: 'error',
    seen: 'it cannot be seen which files these Kustomizations decrypt with it:{kustomizations}',
    means: 'Files that are not here may need an identity that is taken out.',
    fix: 'run it in the repository that they are in, {keep}',
    source: 'docs/tasks/flux-sops-key.md',
  },

  // Flux could no longer decrypt, or never could
  'applied-files-lost': {
    severity: 'error',
    seen: 'Flux could no longer decrypt {count} that {are} applied now:{files}',
    means: 'Every Kustomization that builds one of these files would fail from then on, and apply nothing.',
    fix: rotation,
    source: 'https://fluxcd.io/flux/guides/mozilla-sops/',
  },
  'applied-files-not-pushed': {
    severity: 'error',
    seen: 'Flux could no longer decrypt {count} that {are} applied now:{files}',
    means: 'The files are cut over in your working tree, and the cluster still has the old ones.',
    fix: 'in your working tree they do not need the old key any more: push, wait until Flux has applied it, and run this again',
    source: 'https://fluxcd.io/flux/guides/mozilla-sops/',
  },
  'files-lost': {
    severity: 'error',
    seen: 'Flux could no longer decrypt {count} of this repository:{files}',
    means: 'Every Kustomization that builds one of these files would fail from then on, and apply nothing.',
    fix: rotation,
    source: 'https://fluxcd.io/flux/guides/mozilla-sops/',
  },
  'files-lost-later': {
    severity: 'warning',
    seen: 'once they are pushed, Flux cannot decrypt these files of your working tree with secret {secret}: {files}',
    means: 'The cluster does not have these files yet, and they need an identity that goes.',
    fix: 'run `sops updatekeys` on them with the new recipient in .sops.yaml before you push',
    source: 'https://fluxcd.io/flux/guides/mozilla-sops/',
  },
  'opens-nothing': {
    severity: 'error',
    seen: 'it opens none of the files that Flux decrypts with it, which are for {recipients}:{files}',
    means: 'It is mostly the key of another repository, which a variable names.',
    fix: 'use the key of one of these recipients (--key-file), or --force',
    source: 'docs/tasks/flux-sops-key.md',
  },
  'opens-not-all': {
    severity: 'warning',
    seen: 'Flux decrypts files with secret {secret} that this key does not open: {files}',
    means: 'It did not open them before either: their Kustomizations fail.',
    fix: 'put the identity that they are for into the key file as well, or run `sops updatekeys` on them',
    source: 'docs/tasks/flux-sops-key.md',
  },

  // the wrong cluster, the wrong key
  'other-repositories': {
    severity: 'error',
    seen: 'the cluster of context {context} does not follow this repository, but {urls}',
    means:
      'It is mostly the wrong context, or the wrong clone: the key of this repository is of no use there.',
    fix: 'is this the right cluster (--context)? Go to a clone of what it follows, or use --force',
    source: 'docs/tasks/flux-sops-key.md',
  },
  'unknown-identities': {
    severity: 'error',
    seen: 'it holds the key of {recipients}, which no file and no .sops.yaml of this repository names',
    means: 'The Secret belongs to another repository, whose files only this key may open.',
    fix: 'is {context} the right cluster (--context)? Run it in the repository that this key is for, {keep}',
    source: 'docs/tasks/flux-sops-key.md',
  },
  'identity-unused': {
    severity: 'warning',
    seen: 'no file of this repository is encrypted to {recipient}, and no .sops.yaml names it: is this the right key?{better}',
    means: 'It is mostly the key of another repository. Flux decrypts nothing of this one with it.',
    fix: 'use the key that .sops.yaml names (--key-file), or add this recipient there',
    source: 'docs/tasks/flux-sops-key.md',
  },
  'identity-post-quantum': {
    severity: 'warning',
    seen: 'kustomize-controller before 1.9.0 cannot read a post-quantum identity, and decrypts nothing with a Secret that holds one: {recipients}',
    means: 'One line that the controller cannot read makes it refuse the whole Secret.',
    fix: 'upgrade Flux first, or keep this identity out of the Secret',
    source: 'https://github.com/fluxcd/kustomize-controller/blob/v1.9.4/CHANGELOG.md',
  },
  'identity-of-plugin': {
    severity: 'note',
    seen: '{lines} of {source} is left out: a plugin identity, for which the controller has no plugin',
    means: 'Flux decrypts with the other identities of the file.',
    fix: 'encrypt to an age identity that needs no plugin as well',
    source: 'https://github.com/fluxcd/kustomize-controller/blob/v1.9.4/Dockerfile',
  },

  // somebody else has a hand in the Secret
  'kept-by-kustomization': {
    severity: 'error',
    seen: 'kustomization {kustomization} applies it{from}, and would put it back',
    means: 'At its next interval Flux writes what is in git over the new key.',
    fix: 'change it {where}, or use --force, which lasts until then',
    source: 'https://github.com/fluxcd/kustomize-controller/blob/v1.9.4/docs/spec/v1/kustomizations.md',
  },
  'kept-by-owner': {
    severity: 'error',
    seen: '{kind} {name} keeps it, and would put it back',
    means: 'A controller writes what it has over the new key.',
    fix: 'change it where that takes it from (`kubectl describe {resource} {name}`), or use --force, which lasts until then',
    source: 'https://kubernetes.io/docs/concepts/overview/working-with-objects/owners-dependents/',
  },
  'kept-by-tool': {
    severity: 'error',
    seen: '{tool} makes it{from}, and would put it back',
    means: 'When the tool runs next, it writes what it has over the new key.',
    fix: 'change it there{there}, or use --force, which lasts until then',
    source: 'https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/',
  },
  'put-back': {
    severity: 'error',
    seen: 'secret {secret} was written, and does not hold this key now: somebody puts it back',
    means: 'Flux decrypts with what somebody else writes, and not with this key.',
    fix: 'look for who makes it (`kubectl get secret --show-managed-fields -o yaml` names them), and change it there',
    source: 'https://kubernetes.io/docs/reference/using-api/server-side-apply/',
  },
  'changed-meanwhile': {
    severity: 'error',
    seen: '{what}: it was changed by somebody else at the same time',
    means: 'What was checked is not what is in the cluster any more, so nothing was written.',
    fix: 'run it again',
    source: 'https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions',
  },
  'secret-immutable': {
    severity: 'error',
    seen: 'cannot change secret {namespace}/{name}: it is immutable',
    means: 'The API server takes no change of it.',
    fix: 'delete it with `kubectl delete secret {name} -n {namespace}`, and run this again: in between Flux decrypts nothing',
    source: 'https://kubernetes.io/docs/concepts/configuration/secret/#secret-immutable',
  },
  'secret-type': {
    severity: 'error',
    seen: 'cannot change secret {namespace}/{name}: it is of type {type}, not Opaque',
    means: 'The type of a Secret cannot be changed.',
    fix: 'delete it with `kubectl delete secret {name} -n {namespace}`, and run this again: in between Flux decrypts nothing; or use another --name',
    source: 'https://kubernetes.io/docs/concepts/configuration/secret/#secret-types',
  },
  'not-undone': {
    severity: 'error',
    seen: '{message}\nit was written before, and could not be taken back, in {namespaces}',
    means: 'Some namespaces have the new key, and others the old one.',
    fix: '{hint}',
    source: 'docs/tasks/flux-sops-key.md',
  },
} as const satisfies Record<string, Entry>
