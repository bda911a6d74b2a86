import type { SandboxAccess } from './access.ts'

/** The repository that the Flux of a sandbox follows. */
export interface FluxSystem {
  /** The repository's URL and the branch to follow. */
  url: string
  branch: string
  /** The directory in the repository that holds the cluster's Flux Kustomizations, as `kubernetes/flux-system`. */
  path: string
}

/**
 * Creates the GitRepository and the Kustomization `flux-system` in the namespace of that name, as `flux bootstrap`
 * does (its gotk-sync.yaml), or changes them.
 * @throws CommandError where the API server refuses them
 */
export async function applyFluxSystem(
  sandbox: SandboxAccess,
  { url, branch, path }: FluxSystem,
): Promise<void> {
  const metadata = { name: 'flux-system', namespace: 'flux-system' }
  const objects = [
    {
      apiVersion: 'source.toolkit.fluxcd.io/v1',
      kind: 'GitRepository',
      metadata,
      spec: { interval: '1m', url, ref: { branch } },
    },
    {
      apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
      kind: 'Kustomization',
      metadata,
      spec: {
        interval: '10m',
        path: `./${path}`,
        prune: true,
        sourceRef: { kind: 'GitRepository', name: 'flux-system' },
      },
    },
  ]
  await applyObjects(sandbox, objects)
}

/** Creates objects, or changes them, as the sandbox. @throws CommandError where the API server refuses them */
export async function applyObjects({ kubectl }: SandboxAccess, items: readonly object[]): Promise<void> {
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items })
  await kubectl(['apply', '--server-side', '--field-manager=flux-sandbox', '-f', '-'], list)
}

/**
 * Waits until the Kustomization of a cluster has applied the repository, 15 s at most.
 * @returns whether it has
 */
export async function waitForFirstSync(
  sandbox: SandboxAccess,
  { namespace = 'flux-system', name }: { namespace?: string; name: string },
): Promise<boolean> {
  const args = [`kustomization/${name}`, '--for=condition=Ready', '--timeout=15s']
  return sandbox.kubectl(['wait', '-n', namespace, ...args]).then(
    () => true,
    () => false,
  )
}

/** Tells Flux to fetch the repository now instead of at its next interval. */
export async function requestSync(sandbox: SandboxAccess): Promise<void> {
  const now = `reconcile.fluxcd.io/requestedAt=${new Date().toISOString()}`
  await sandbox.kubectl(['annotate', '--overwrite', '-n', 'flux-system', 'gitrepository/flux-system', now])
}
