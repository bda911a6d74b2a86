/**
 * A Flux Kustomization in flux-system, from the GitRepository of that name.
 * @param more lines of its spec
 * @param metadata lines of its metadata, in place of the namespace
 */
export function fluxKustomization(
  name: string,
  path: string,
  more = '',
  metadata = '  namespace: flux-system\n',
): string {
  return `apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: ${name}\n${metadata}spec:\n  path: ${path}\n  interval: 10m\n  prune: true\n  sourceRef: {kind: GitRepository, name: flux-system, namespace: flux-system}\n${more}`
}

/** A strategic merge patch, as an entry of a list `patches`, that gives all that `target` says a decryption block. */
export function decryptionPatch(target: string): string {
  return `patches:
  - patch: |
      apiVersion: kustomize.toolkit.fluxcd.io/v1
      kind: Kustomization
      metadata:
        name: not-used
      spec:
        decryption:
          provider: sops
          secretRef:
            name: sops-age
${target}`
}

/** The patches of a kustomization as those of a Flux Kustomization. */
export function inSpec(patches: string): string {
  return patches.replace(/^/gm, '  ').replace(/ +$/, '')
}

/** A kustomization file of kustomize that takes these in. */
export function kustomizationOf(...resources: string[]): string {
  return `resources:\n${resources.map((one) => `  - ${one}\n`).join('')}`
}

/** The Deployment of kustomize-controller as an installation has it; the sandbox runs the program itself. */
export const controllerDeployment = (version: string, ...args: string[]) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: {
    name: 'kustomize-controller',
    namespace: 'flux-system',
    labels: { 'app.kubernetes.io/part-of': 'flux' },
  },
  spec: {
    selector: { matchLabels: { app: 'kustomize-controller' } },
    template: {
      metadata: { labels: { app: 'kustomize-controller' } },
      spec: {
        containers: [{ name: 'manager', image: `ghcr.io/fluxcd/kustomize-controller:v${version}`, args }],
      },
    },
  },
})

/** The Deployment of a shard of it, which has its image and another name. */
export const controllerShard = (...of: Parameters<typeof controllerDeployment>) => {
  const deployment = controllerDeployment(...of)
  return { ...deployment, metadata: { ...deployment.metadata, name: `${deployment.metadata.name}-shard1` } }
}
