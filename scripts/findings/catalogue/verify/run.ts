import type { Entry } from '../../entry.ts'

/** What a run of `sops:verify` waits for, and how it ends. */
export const verifyRunFindings = {
  slow: {
    severity: 'note',
    seen: 'you may not annotate it, so its own interval had to be waited for',
    means: 'The annotation reconcile.fluxcd.io/requestedAt makes Flux look at once.',
    fix: 'ask for the right to patch it',
    source: 'https://github.com/fluxcd/pkg/blob/apis/meta/v1.30.1/apis/meta/annotations.go',
  },
  timeout: {
    severity: 'error',
    seen: 'the time was over before anything could be pushed',
    means: 'Nothing was changed, and nothing is proved.',
    fix: 'try again with a longer --timeout',
    source: 'docs/tasks/sops-verify.md',
  },
  'not-watched': {
    severity: 'error',
    seen: 'its API server did not let the objects be watched in time',
    means: 'What happens between two looks would not be seen, so nothing was begun.',
    fix: 'try again; `kubectl get --raw /readyz` shows whether it is well',
    source: 'https://kubernetes.io/docs/reference/using-api/health-checks/',
  },
  'not-fetched': {
    severity: 'error',
    seen: 'has not fetched the commit in time: {why}',
    means: 'The commit is on the branch, and Flux does not have it yet.',
    fix: 'try again with a longer --timeout{more}',
    source: 'https://github.com/fluxcd/source-controller/blob/v1.9.4/docs/spec/v1/gitrepositories.md',
  },
  'source-silent': {
    severity: 'error',
    seen: 'has not fetched the commit in time: source-controller has not answered',
    means: 'No source of this namespace gets new commits while its controller does not run.',
    fix: 'see whether it runs: `kubectl get pods -n {namespace} -l app=source-controller`',
    source: 'https://github.com/fluxcd/source-controller/blob/v1.9.4/docs/spec/v1/gitrepositories.md',
  },
  'fetched-elsewhere': {
    severity: 'error',
    seen: 'has not fetched the commit in time: what it gets from {url} is {revision}, without it',
    means: 'Flux looked after the push, and its URL does not have the commit.',
    fix: 'see whether that URL is a mirror that comes later, or another repository than the one that was pushed to',
    source: 'https://github.com/fluxcd/source-controller/blob/v1.9.4/docs/spec/v1/gitrepositories.md',
  },
  'other-late': {
    severity: 'error',
    seen: 'builds the test Secret as well as {kustomization}, and did not apply the commit in time, so it is not known what it writes',
    means: 'The value was right when it was looked at, and may be overwritten later.',
    fix: 'try again with a longer --timeout, or let only one of them build it',
    source: 'https://github.com/fluxcd/pkg/blob/kustomize/v1.35.4/kustomize/kustomize_generator.go',
  },
  interrupted: {
    severity: 'error',
    seen: '{message}',
    means:
      'The run was ended from outside. What it had put onto the branch was taken off again, or is named.',
    fix: '{hint}',
    source: 'docs/tasks/sops-verify.md',
  },
  'not-checked': {
    severity: 'error',
    seen: '{message}',
    means: 'Something that is needed for a proof failed by itself: nothing is known of the cluster.',
    fix: '{hint}',
    source: 'docs/tasks/sops-verify.md',
  },
} as const satisfies Record<string, Entry>
