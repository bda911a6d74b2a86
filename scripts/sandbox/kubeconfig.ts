import { writeFileSync } from 'node:fs'
import type { ControlPlane } from './control-plane.ts'

/**
 * Writes a kubeconfig file (mode 0600) for the administrator of a control plane; its context is `sandbox`.
 * @param impersonate who to act as; the API server then knows the administrator as nobody else
 */
export function writeKubeconfig(
  path: string,
  plane: ControlPlane,
  impersonate: Record<string, unknown>,
): void {
  const name = 'sandbox'
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server: plane.url, 'certificate-authority': plane.certificate } }],
    users: [{ name, user: { token: plane.token, ...impersonate } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  }
  writeFileSync(path, JSON.stringify(config, null, 2), { mode: 0o600 })
}
