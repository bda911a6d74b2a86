import type { Entry } from '../../entry.ts'

const changelog = 'https://github.com/fluxcd/kustomize-controller/blob/v1.9.4/CHANGELOG.md'

const stopped =
  'Flux does nothing: conditions stay as they were, also Ready=True, and no commit gets into the cluster.'

/** What is to be known of the controllers of a cluster. */
export const clusterControllerFindings = {
  'controller-scaled-down': {
    severity: 'error',
    seen: 'is scaled to 0',
    means: stopped,
    fix: '`kubectl scale deployment {name} -n {namespace} --replicas=1`',
    source: 'https://fluxcd.io/flux/components/',
  },
  'controller-down': {
    severity: 'error',
    seen: 'has no Pod that is ready',
    means: stopped,
    fix: 'look why: `kubectl describe pods -n {namespace} -l app={name}`',
    source: 'https://fluxcd.io/flux/components/',
  },
  'not-reconciled': {
    severity: 'warning',
    seen: 'its source has had {revision} for {age}, and nobody has tried to apply that',
    means:
      'Its condition is that of an older revision. The controller is overloaded, hangs, or does not watch it.',
    fix: '`flux reconcile kustomization {name} -n {namespace}`, and read what kustomize-controller logs',
    source: 'https://fluxcd.io/flux/components/kustomize/kustomizations/#interval',
  },
  'controller-too-old': {
    severity: 'error',
    seen: 'kustomize-controller {version} {cannot}, and {users}',
    means: 'What the repository uses fails with it, or gets into the cluster as ciphertext.',
    fix: 'bring kustomize-controller to {needed} or later: `flux install`, or a newer version of Flux in the repository',
    source: changelog,
  },
  'feature-gate-set': {
    severity: 'note',
    seen: 'runs with the feature gate {gate}={value}: {effect}',
    means: 'That is not the default, so documents of Flux say something else.',
    fix: 'take it out of the arguments of kustomize-controller, where that is not wanted',
    source: 'https://github.com/fluxcd/kustomize-controller/blob/v1.9.4/internal/features/features.go',
  },
} as const satisfies Record<string, Entry>
