import type { Entry } from '../../entry.ts'

const controller =
  'https://github.com/fluxcd/kustomize-controller/blob/v1.9.4/internal/controller/kustomization_controller.go'

/** What keeps the rotation of a key from going on in a cluster. */
export const rotateClusterFindings = {
  // what cannot be seen
  'rotate-not-readable': {
    severity: 'error',
    seen: 'cannot read the {plural} in context {context}: you may not list them in all namespaces',
    means: 'Which Secrets hold the key, and who decrypts with them, is not seen without them.',
    fix: 'ask for the right to list them, or let somebody run it who has it',
    source: 'https://kubernetes.io/docs/reference/access-authn-authz/rbac/',
  },
  'rotate-controller-key-unseen': {
    severity: 'error',
    seen: 'decrypts and names no key Secret, and which one kustomize-controller gives it is not seen',
    means: 'It may decrypt with the old identity from a Secret that the rotation does not know.',
    fix: 'ask for the right to list Deployments, or name its key Secret in spec.decryption.secretRef; or look by hand, and run `mise run sops:rotate --checked {id}`',
    source: 'docs/decryption.md#where-the-key-is-looked-up',
  },
  'rotate-controller-key-declared': {
    severity: 'note',
    seen: 'is taken for the key of kustomize-controller, as {file} says; its Deployment is not seen',
    means: 'A Deployment that was changed by hand may have another one. The proof by a value shows it.',
    fix: 'ask for the right to list Deployments, so that the controller itself is seen',
    source: 'docs/decryption.md#where-the-key-is-looked-up',
  },
  'rotate-files-unseen': {
    severity: 'error',
    seen: 'decrypts with {secret}, and its files are not seen: {why}',
    means: 'Where one of them needs the old identity, it cannot be decrypted once that is gone.',
    fix: 'look whether none of its files is encrypted to the old recipient alone, and run `mise run sops:rotate --checked {id}`',
    source: 'docs/decryption.md#revisions',
  },
  'rotate-live-unseen': {
    severity: 'note',
    seen: 'the {plural} could not be read, so nobody looked for ciphertext in them',
    means: 'It is not known that Flux has applied none there.',
    fix: 'ask for the right to list them',
    source: 'https://kubernetes.io/docs/reference/access-authn-authz/rbac/',
  },

  // the key Secrets
  'rotate-secret-lacks-new': {
    severity: 'error',
    seen: 'holds the old identity, and not the new one',
    means: 'What is encrypted to the new recipient alone cannot be decrypted with it.',
    fix: '`mise run sops:rotate` puts the new identity beside the old one',
    source: 'docs/decryption.md#where-the-key-is-looked-up',
  },
  'rotate-copy-behind': {
    severity: 'error',
    seen: 'is a copy of {origin}, and does not hold what that holds',
    means: 'The tool that copies it has not done so yet, or copies no longer.',
    fix: 'wait for {tool}, and see whether it runs',
    source: 'https://kubernetes.io/docs/concepts/configuration/secret/',
  },
  'rotate-other-secret': {
    severity: 'error',
    seen: 'decrypts with {secret}, which does not open {files}: they are encrypted to the {which} recipient',
    means: 'It does not decrypt them now either, and no rotation of the other Secrets helps it.',
    fix: 'put the {which} identity into its Secret, or let it name one that holds it in spec.decryption.secretRef; or take these files out of what it builds',
    source: 'docs/decryption.md#where-the-key-is-looked-up',
  },
  'rotate-kept-by-kustomization': {
    severity: 'error',
    seen: 'kustomization {kustomization} applies it{from}, and would put it back',
    means: 'At its next interval Flux writes what is in git over what is written to the cluster.',
    fix: '{change} {where}, push, and run `mise run sops:rotate` again',
    source: 'https://github.com/fluxcd/kustomize-controller/blob/v1.9.4/docs/spec/v1/kustomizations.md',
  },
  'rotate-kept-by-owner': {
    severity: 'error',
    seen: '{kind} {name} keeps it, and would put it back',
    means: 'A controller writes what it has over what is written to the cluster.',
    fix: '{change} where that takes it from (`kubectl describe {resource} {name} -n {namespace}`), and run `mise run sops:rotate` again',
    source: 'https://kubernetes.io/docs/concepts/overview/working-with-objects/owners-dependents/',
  },
  'rotate-kept-by-tool': {
    severity: 'error',
    seen: '{tool} makes it{from}, and would put it back',
    means: 'When the tool runs next, it writes what it has over what is written to the cluster.',
    fix: '{change} there{there}, and run `mise run sops:rotate` again',
    source: 'https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/',
  },
  'rotate-controller-too-old': {
    severity: 'error',
    seen: 'would get a post-quantum identity, which kustomize-controller {version} of context {context} cannot read',
    means:
      'One line that the controller cannot read makes it refuse the whole Secret: nothing could be decrypted with it any more.',
    fix: 'update Flux to 2.9 or newer, or rotate to a classic identity, without `--pq`; then run it again',
    source: 'https://github.com/fluxcd/kustomize-controller/blob/v1.9.4/CHANGELOG.md',
  },
  'rotate-controller-unseen': {
    severity: 'error',
    seen: 'would get a post-quantum identity from git, and the version of kustomize-controller is not seen{where}',
    means:
      'Before 1.9.0 it refuses the whole Secret for such a line, and decrypts nothing with it. What comes from git the task cannot put back at once.',
    fix: 'look whether it is 1.9.0 or newer (`flux version`), and run it again with `--checked kustomize-controller`',
    source: 'https://github.com/fluxcd/kustomize-controller/blob/v1.9.4/CHANGELOG.md',
  },
  'rotate-secret-immutable': {
    severity: 'error',
    seen: 'cannot be changed: it is immutable',
    means: 'The API server takes no change of its data.',
    fix: '{change} in a Secret of another name, and name that in spec.decryption.secretRef; or delete it, and write it anew with `mise run flux:sops-key{flags}`',
    source: 'https://kubernetes.io/docs/concepts/configuration/secret/#secret-immutable',
  },
  'rotate-secret-emptied': {
    severity: 'error',
    seen: 'would hold no identity any more without the {which} one',
    means: 'Everything that decrypts with it would fail.',
    fix: '`mise run sops:rotate --status` shows where the rotation is',
    source: 'docs/decryption.md#where-the-key-is-looked-up',
  },
  'rotate-needs-new': {
    severity: 'error',
    seen: 'builds {files} at {commit}, encrypted to the new recipient and not to the old one',
    means: 'It cannot decrypt that without the new identity.',
    fix: 'go on with the rotation: `mise run sops:rotate`; or turn it round in git first, and wait for Flux',
    source: 'docs/decryption.md#revisions',
  },

  // what Flux is at
  'rotate-needs-old': {
    severity: 'error',
    seen: '{builds} {files} at {commit}, {encrypted}',
    means: 'The next stage would keep it from decrypting them.',
    fix: 'push or merge what this stage has changed, and let Flux apply it',
    source: 'docs/decryption.md#revisions',
  },
  'rotate-needs-old-suspended': {
    severity: 'error',
    seen: '{builds} {files} at {commit}, {encrypted}; its source is suspended',
    means: 'The next stage would keep it from decrypting them, and nothing newer is fetched.',
    fix: 'resume its source: `flux resume source git {name} -n {namespace}`',
    source: 'https://fluxcd.io/flux/cmd/flux_resume_source_git/',
  },
  'rotate-needs-old-pinned': {
    severity: 'error',
    seen: '{builds} {files} at {commit}, {encrypted}; its source {namespace}/{name} is pinned there by spec.ref',
    means: 'The next stage would keep it from decrypting them, and no push changes what it follows.',
    fix: 'let that source follow a newer revision',
    source: 'https://fluxcd.io/flux/components/source/gitrepositories/#reference',
  },
  'rotate-behind': {
    severity: 'warning',
    seen: 'has not tried {commit} yet, which its source has{says}',
    means: 'What it is at now still needs the old identity.',
    fix: 'wait for Flux: `flux reconcile kustomization {name} -n {namespace}`',
    source: 'docs/decryption.md#when-a-kustomization-reconciles',
  },
  'rotate-not-decrypted': {
    severity: 'error',
    seen: 'has not got past decryption at {commit}: {says}',
    means: 'Whether it decrypts with the new identity is not known.',
    fix: 'see what stops it: `mise run flux:doctor {name}`',
    source: controller,
  },
  'rotate-not-settled': {
    severity: 'warning',
    seen: 'has not come to its end at {commit}: {says}',
    means: 'Whether it decrypts with the new identity is known when it is done.',
    fix: 'wait for Flux',
    source: controller,
  },
  'rotate-failing-behind': {
    severity: 'note',
    seen: 'has decrypted, and failed behind that: {says}',
    means: 'Its files are built and decrypted before they are applied, so the key is not what it lacks.',
    fix: 'see what stops it: `mise run flux:doctor {name}`',
    source: controller,
  },

  // retire
  'rotate-put-back': {
    severity: 'error',
    seen: 'failed without the old identity, which was put back at once into {secrets}: {says}',
    means: 'Something that it builds can be decrypted with the old identity only.',
    fix: '`mise run sops:rotate --status` shows where the old recipient is left',
    source: controller,
  },
  'rotate-put-back-unsettled': {
    severity: 'error',
    seen: 'did not come to its end without the old identity, which was put back into {secrets}: {says}',
    means: 'Whether it decrypts with the new identity alone is not known.',
    fix: 'see what stops it: `mise run flux:doctor {name}`, and run `mise run sops:rotate` again',
    source: controller,
  },
  'rotate-new-not-taken': {
    severity: 'error',
    seen: 'failed with the new identity beside the old one, so it was taken out at once of {secrets}: {says}',
    means:
      'A controller that cannot read one line of the Secret decrypts nothing with it: kustomize-controller before 1.9.0 so refuses a post-quantum identity.',
    fix: 'update Flux to 2.9 or newer, or rotate to a classic identity, without `--pq`; then run it again',
    source: controller,
  },
  'rotate-new-unsettled': {
    severity: 'error',
    seen: 'did not come to its end with the new identity beside the old one, so it was taken out of {secrets}: {says}',
    means: 'Whether it takes the new identity is not known.',
    fix: 'see what stops it: `mise run flux:doctor {name}`, and run `mise run sops:rotate` again',
    source: controller,
  },
  'rotate-not-put-back': {
    severity: 'error',
    seen: 'could not be put back as it was: {why}',
    means: 'It holds the new identity only, and some Kustomization fails with it.',
    fix: 'put both identities into the key file, and run `mise run flux:sops-key{flags}`',
    source: 'docs/tasks/flux-sops-key.md',
  },
} as const satisfies Record<string, Entry>
