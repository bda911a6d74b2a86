import type { Controller, Snapshot } from '../../../scripts/diagnosis/snapshot/snapshot.ts'
import {
  type Condition,
  type FluxSource,
  idOf,
  type Kustomization,
} from '../../../scripts/lib/cluster/flux-objects.ts'

/** A condition as a controller writes it. */
export const conditionSaying = (
  reason: string,
  message = '',
  status: Condition['status'] = 'False',
  type = 'Ready',
): Condition => ({ type, status, reason, message })

const ready = conditionSaying('Succeeded', '', 'True')

/** A Kustomization in flux-system that has applied revision `main@sha1:1`. */
export function appliedKustomization(
  name: string,
  {
    spec = {},
    status = {},
  }: { spec?: Partial<Kustomization['spec']>; status?: Kustomization['status'] } = {},
): Kustomization {
  return {
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    metadata: { name, namespace: 'flux-system', generation: 1 },
    spec: { prune: true, sourceRef: { kind: 'GitRepository', name: 'flux-system' }, ...spec },
    status: {
      conditions: [ready],
      observedGeneration: 1,
      lastAppliedRevision: 'main@sha1:1',
      lastAttemptedRevision: 'main@sha1:1',
      ...status,
    },
  }
}

/** As `appliedKustomization`, of one that fails. */
export function failingKustomization(
  name: string,
  reason: string,
  message: string,
  spec: Partial<Kustomization['spec']> = {},
): Kustomization {
  return appliedKustomization(name, { spec, status: { conditions: [conditionSaying(reason, message)] } })
}

/** The GitRepository flux-system, which has fetched `main@sha1:1`. */
export function fetchedSource(
  status: FluxSource['status'] = {},
  spec: Partial<FluxSource['spec']> = {},
): FluxSource {
  return {
    apiVersion: 'source.toolkit.fluxcd.io/v1',
    kind: 'GitRepository',
    metadata: { name: 'flux-system', namespace: 'flux-system' },
    spec,
    status: { conditions: [ready], artifact: { revision: 'main@sha1:1' }, ...status },
  }
}

/** A cluster with these Kustomizations and their sources. */
export function snapshotWith(
  kustomizations: readonly Kustomization[],
  {
    sources = [fetchedSource()],
    controllers = [],
  }: { sources?: FluxSource[]; controllers?: Controller[] } = {},
): Snapshot {
  return {
    context: 'test',
    namespace: undefined,
    kustomizations: new Map(kustomizations.map((one) => [idOf(one), one])),
    sources: new Map(sources.map((one) => [`${one.kind} ${idOf(one)}`, one])),
    secrets: new Map(),
    configMaps: new Map(),
    namespaces: new Set(['flux-system']),
    controllers,
    notRead: [],
    applied: async () => ({ others: [], notRead: [] }),
  }
}
