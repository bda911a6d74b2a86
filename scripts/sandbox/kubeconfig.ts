import { readFileSync, writeFileSync } from 'node:fs'
import type { ControlPlane } from './control-plane.ts'

/** Writes a kubeconfig file (mode 0600) for the administrator of a control plane; its context is `sandbox`. */
export function writeKubeconfig(path: string, plane: ControlPlane): void {
  const name = 'sandbox'
  write(path, {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server: plane.url, 'certificate-authority': plane.certificate } }],
    users: [{ name, user: { token: plane.token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  })
}

/**
 * Writes a kubeconfig file (mode 0600) that logs in as the administrator and acts as somebody else: only that one's rights
 * count.
 * @param administrator the path of a file that `writeKubeconfig` wrote
 */
export function impersonate(
  path: string,
  administrator: string,
  user: string,
  groups: readonly string[],
): void {
  const config = JSON.parse(readFileSync(administrator, 'utf8'))
  config.users[0].user = { ...config.users[0].user, as: user, 'as-groups': groups }
  write(path, config)
}

function write(path: string, config: object): void {
  writeFileSync(path, JSON.stringify(config, null, 2), { mode: 0o600 })
}
