import type { Entry } from '../../entry.ts'

const specification =
  'https://github.com/fluxcd/kustomize-controller/blob/v1.9.4/docs/spec/v1/kustomizations.md'

/** How the objects of Flux hang together, where cluster and repository have to be seen at once. */
export const clusterObjectFindings = {
  'dependency-not-applied': {
    severity: 'error',
    seen: 'is not in the cluster, and others depend on it: {file} declares it, and {why}',
    means: 'Flux applies a Kustomization only when all that it depends on are there and ready.',
    fix: 'list {file} in what Flux applies, or correct spec.dependsOn',
    source: 'https://fluxcd.io/flux/components/kustomize/kustomizations/#dependencies',
  },
  'path-not-there': {
    severity: 'error',
    seen: 'its path {path} is not in commit {commit}{near}',
    means: 'Flux fails, and goes on with what it applied last: it prunes nothing.',
    fix: 'correct spec.path{or}',
    source:
      'https://github.com/fluxcd/kustomize-controller/blob/v1.9.4/internal/controller/kustomization_controller.go',
  },
  'takes-in-child': {
    severity: 'error',
    seen: 'builds {files} of Kustomization {child}{absent}: {directory} has no kustomization file, so Flux builds all that is below it',
    means:
      'This Kustomization has no decryption, so the API server refuses the encrypted file, and with it all that is built beside it.',
    fix: 'add a kustomization.yaml to {directory} that lists what this Kustomization is to apply',
    source: 'https://github.com/fluxcd/flux2/issues/4982; kustomize-controller v1.9.4',
  },
  'health-object': {
    severity: 'error',
    seen: '{what} does not become ready: it is {status}',
    means: 'The commit is applied, but Kustomizations that depend on this one do not follow.',
    fix: '`kubectl describe {kind} {name}{namespaceFlag}`',
    source: `${specification} (Health checks)`,
  },
  'health-object-missing': {
    severity: 'error',
    seen: 'waits for {what}, which is not in the cluster',
    means: 'What it applies is there, and it fails all the same until this object is there and ready.',
    fix: 'correct spec.healthChecks, or create the object',
    source: `${specification} (Health checks)`,
  },
  'health-passed': {
    severity: 'warning',
    seen: '{what} was not ready in time, and is by now',
    means: 'The Kustomization stays not ready until it is reconciled again, and what depends on it waits.',
    fix: '`flux reconcile kustomization {name} -n {namespace}`; give it a longer spec.timeout where that happens often',
    source: `${specification} (Health checks)`,
  },
  'spec-outdated': {
    severity: 'warning',
    seen: 'is in the cluster as it was before: {parent}, which applies it, {state}, and its file has changed since',
    means: 'A change of this Kustomization has no effect until the one that applies it is at work again.',
    fix: 'mend Kustomization {parent} first',
    source: specification,
  },
} as const satisfies Record<string, Entry>
