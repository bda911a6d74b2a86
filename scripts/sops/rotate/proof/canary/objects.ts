import {
  type GitRepository,
  gitRepositories,
  type Kustomization,
  kustomizations,
} from '../../../../lib/cluster/flux-objects.ts'
import type { KubeObject } from '../../../../lib/cluster/kube-objects.ts'
import { managedBy, runAnnotation } from '../../../test-secret/secret-manifest.ts'
import type { CanaryObject, CanaryPlace, CanaryProof } from './canary.ts'

/** How a GitRepository gets at its server; what of it is fetched and verified belongs to the user's branch. */
const accessFields = ['secretRef', 'provider', 'proxySecretRef', 'serviceAccountName', 'timeout']

/** By which the controllers share the objects out among them (https://fluxcd.io/flux/installation/configuration/sharding/). */
const shard = 'sharding.fluxcd.io/key'

/** Longer than a proof: it is told to reconcile when it is to. */
const interval = '60m'

/** The GitRepository of a canary: as the user's, on the branch of the canary. */
export function canarySource(
  { run, source: own, branch }: CanaryPlace,
  source: GitRepository,
): GitRepository {
  const access = Object.entries(source.spec).filter(([field]) => accessFields.includes(field))
  return {
    ...head(gitRepositories.api, 'GitRepository', own, run, source),
    spec: { url: source.spec.url, ...Object.fromEntries(access), interval, ref: { branch } },
  }
}

/** The Kustomization of a canary: it decrypts as the user's, by the same controller, and applies by the same rights. */
export function canaryKustomization(
  { run, kustomization: own, source, secret }: CanaryPlace,
  { spec, ...kustomization }: Kustomization,
): Kustomization {
  return {
    ...head(kustomizations.api, 'Kustomization', own, run, kustomization),
    spec: {
      interval,
      path: './',
      prune: true,
      sourceRef: { kind: 'GitRepository', ...source },
      ...(spec.decryption && { decryption: spec.decryption }),
      targetNamespace: secret.namespace,
      // who applies to another cluster is known there
      ...(!spec.kubeConfig && spec.serviceAccountName && { serviceAccountName: spec.serviceAccountName }),
    },
  }
}

/**
 * Where the Kustomization puts what names no namespace; for one that applies to another cluster, its own: the canary is to be
 * seen here.
 */
export function canaryNamespace({
  kustomization: { spec, metadata },
}: Pick<CanaryProof, 'kustomization'>): string {
  return (spec.kubeConfig ? undefined : spec.targetNamespace) ?? `${metadata.namespace}`
}

function head(
  api: string,
  kind: string,
  own: CanaryObject,
  run: string,
  { metadata }: Pick<KubeObject, 'metadata'>,
): KubeObject {
  const key = metadata.labels?.[shard]
  const labels = { [managedBy[0]]: managedBy[1], ...(key !== undefined && { [shard]: key }) }
  const annotations = { [runAnnotation]: run }
  return { apiVersion: api.replace('/apis/', ''), kind, metadata: { ...own, labels, annotations } }
}
