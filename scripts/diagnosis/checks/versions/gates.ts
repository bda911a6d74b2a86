import type { Evidence } from '../../evidence.ts'

/** What a feature gate of kustomize-controller changes, where that concerns somebody. */
export const featureGates: readonly {
  gate: string
  value: string
  effect: string
  concerns(evidence: Evidence): boolean
}[] = [
  {
    gate: 'DisableConfigWatchers',
    value: 'true',
    effect: 'the label reconcile.fluxcd.io/watch has no effect, so that a changed key waits for the interval',
    concerns: ({ snapshot }) =>
      [...snapshot.secrets.values()].some(
        ({ metadata }) => metadata.labels?.['reconcile.fluxcd.io/watch'] === 'Enabled',
      ),
  },
  {
    gate: 'StrictPostBuildSubstitutions',
    value: 'false',
    effect: 'a variable that is not set becomes empty, and nobody says so',
    concerns: ({ snapshot }) => [...snapshot.kustomizations.values()].some(({ spec }) => spec.postBuild),
  },
]
