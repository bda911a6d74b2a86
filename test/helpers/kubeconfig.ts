import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Writes a kubeconfig with one context, `x`. @param user of it @returns the file */
export function writeKubeconfig(directory: string, server: string, user: object): string {
  const file = join(directory, 'kubeconfig')
  const context = { cluster: 'x', user: 'x' }
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'x', cluster: { server } }],
    users: [{ name: 'x', user }],
    contexts: [{ name: 'x', context }],
    'current-context': 'x',
  }
  writeFileSync(file, JSON.stringify(config))
  return file
}
