import type { Entry } from '../../entry.ts'

/** What keeps a rotation from its next stage. */
export const rotateRunFindings = {
  'old-named-nowhere': {
    severity: 'error',
    seen: '{recipient} is in no file, no rule and no key Secret any more',
    means:
      'There is nothing that a new key could take the place of. Where files were only re-wrapped, the run without `--old` finds them.',
    fix: '`mise run sops:rotate --status` says what is open',
    source: 'https://getsops.io/docs/#encrypting-using-age',
  },
  'root-unseen': {
    severity: 'error',
    seen: '{id} builds {directory}, and none of the clusters that were asked has it',
    means:
      'There may be another cluster that decrypts these files. With the old public key taken out of them it would decrypt nothing any more, before anybody has proved that it has the new key.',
    fix: 'name its context as well: `--context CONTEXT`, several times; or where no cluster has it, `--checked {checked}`',
    source: 'https://fluxcd.io/flux/components/kustomize/kustomizations/#decryption',
  },
  'branch-ahead': {
    severity: 'error',
    seen: 'has commits with encrypted files or creation rules that are not here',
    means:
      'What others have pushed meanwhile may be encrypted to the old public key alone: it has to get the new one as well.',
    fix: '`git pull --rebase {remote} {branch}`, and run it again',
    source: 'https://git-scm.com/docs/git-pull',
  },
  'merge-unfinished': {
    severity: 'error',
    seen: 'has the marks of an unfinished merge',
    means: 'What a merge leaves in a SOPS file is no SOPS file: its MAC is wrong, and Flux would refuse it.',
    fix: 'take one side of it, as with `git checkout --theirs {file}`, finish the merge, and run it again: what is not rotated then, it rotates',
    source: 'https://github.com/getsops/sops/issues/52',
  },
  'key-secret-not-applied': {
    severity: 'error',
    seen: 'is without the old identity in git, and still has it in the cluster',
    means:
      'Flux has applied the revision, and not this Secret: something else writes it, or no Kustomization includes it.',
    fix: '`mise run flux:doctor` says what is wrong; then run it again',
    source: 'https://fluxcd.io/flux/components/kustomize/kustomizations/#decryption',
  },
  'git-key-unreadable': {
    severity: 'warning',
    seen: 'holds no age identity at {key}, though its name says so',
    means:
      'kustomize-controller refuses such a Secret as a whole. A rotation leaves it as it is: what it was to hold is not known.',
    fix: '`sops edit {file}`: one identity a line, and nothing else but comments',
    source: 'https://fluxcd.io/flux/components/kustomize/kustomizations/#age-secret-entry',
  },
  'recipient-needed': {
    severity: 'error',
    seen: 'the key Secret of {id} would open {files} no longer without {recipient}',
    means: 'It is the recipient that the cluster decrypts with, and not that of a person alone.',
    fix: 'rotate it instead: `mise run sops:rotate --old {recipient}`',
    source: 'https://fluxcd.io/flux/components/kustomize/kustomizations/#decryption',
  },
} as const satisfies Record<string, Entry>
