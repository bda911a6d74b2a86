import type { Entry } from '../../entry.ts'

/** What keeps the new identity from being proved, before the old one goes. */
export const rotateProofFindings = {
  'proof-not-opened': {
    severity: 'error',
    seen: 'is encrypted to {recipients}, and {identities} alone does not open it',
    means: 'Who has the new identity only, as the cluster at the end, can decrypt nothing of the file.',
    fix: 'run `mise run sops:rotate`, which encrypts it to the new recipient as well',
    source: 'sops v3.13.3 sops.go GetDataKeyWithKeyServices',
  },
  'proof-groups-closed': {
    severity: 'error',
    seen: '{needed} of its key groups must be opened, and the identities that are to stay open {opened}',
    means: 'The cluster decrypts the file only where its key Secret has identities of as many groups.',
    fix: 'put an identity of each group that is needed into the key Secret, or lower shamir_threshold',
    source: 'https://getsops.io/docs/#key-groups',
  },
  'proof-other-way': {
    severity: 'note',
    seen: 'the branch that Flux follows takes no push from you, which this proof needs',
    means: 'Whether Flux decrypts with the new identity is not known yet.',
    fix: '`mise run sops:rotate --proof canary` pushes a branch of its own; `--proof read` pushes nothing, and proves less',
    source: 'docs/tasks/sops-verify.md',
  },
  'proof-by-reading': {
    severity: 'note',
    seen: 'was not seen to decrypt with the new identity: nothing was pushed. Its key Secret holds it, and it opens the files here, which says nothing of the controller',
    means:
      'A controller that is too old for a post-quantum identity, or that does not read this key Secret, shows only when the old recipient is gone from the files.',
    fix: '`mise run sops:rotate --proof canary` proves it by a branch of its own; or cut over the files of one Kustomization first: `mise run sops:rotate PATH…`',
    source: 'https://github.com/fluxcd/kustomize-controller/blob/v1.9.4/internal/decryptor/decryptor.go',
  },
  'proof-through-others': {
    severity: 'note',
    seen: 'is a key Secret that {chosen} does not decrypt with, so its proof goes through others: {users}',
    means: 'Each key Secret is proved by itself, and only a Kustomization that decrypts with it proves it.',
    fix: 'leave --kustomization out, or name one of these with it',
    source: 'docs/decryption.md#where-the-key-is-looked-up',
  },
  'proof-without-carrier': {
    severity: 'warning',
    seen: 'is a key Secret that is proved by reading alone, for nothing that decrypts with it can carry a test Secret: {users}',
    means:
      'It holds the new identity. Whether the controller decrypts with it shows only when the old recipient is gone from the files.',
    fix: '`mise run sops:rotate --proof canary` takes a Kustomization of its own for the proof; or look by hand whether these decrypt',
    source: 'docs/tasks/sops-verify.md',
  },
  'canary-not-pushed': {
    severity: 'error',
    seen: 'the server takes no branch of this name from you: {says}',
    means: 'The canary is a branch of its own, so that nothing is pushed to the one that Flux follows.',
    fix: 'ask for the right to push and to delete branches that begin with sops-canary-, or take `mise run sops:rotate --proof read`, which proves less',
    source: 'https://git-scm.com/docs/git-push',
  },
  'canary-forbidden': {
    severity: 'error',
    seen: 'you lack a right that a canary for its key needs: {why}',
    means: 'The canary is a GitRepository and a Kustomization beside yours, and a Secret that is read.',
    fix: 'ask for get, list, watch, create, patch and delete on Kustomizations in {namespace} and on GitRepositories in {sourceNamespace}, and get, list and watch on Secrets in {secretNamespace}; or take `mise run sops:rotate --proof read`, which proves less',
    source: 'https://kubernetes.io/docs/reference/access-authn-authz/rbac/',
  },
  'canary-here': {
    severity: 'note',
    seen: 'applies to another cluster (spec.kubeConfig); the canary went into the one of its controller',
    means: 'The controller decrypts before it applies, so its key is proved all the same.',
    fix: 'nothing is to be done',
    source: 'https://github.com/fluxcd/kustomize-controller/blob/v1.9.4/docs/spec/v1/kustomizations.md',
  },
  'canary-left': {
    severity: 'error',
    seen: 'is left of the canary: {why}',
    means: 'It holds no secret, and does nothing for your objects. The next canary removes it as well.',
    fix: '{command}',
    source: 'docs/tasks/sops-verify.md',
  },
} as const satisfies Record<string, Entry>
