import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import type { SandboxAccess } from '../flux/sandbox.ts'

/** A kubeconfig with a context for each of these clusters. */
export function kubeconfigOf(clusters: Readonly<Record<string, SandboxAccess>>): string {
  const read = Object.entries(clusters).map(([name, { kubeconfig }]) => ({
    name,
    config: parse(readFileSync(kubeconfig, 'utf8')),
  }))
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: read.map(({ name, config }) => ({ ...config.clusters[0], name })),
    users: read.map(({ name, config }) => ({ ...config.users[0], name })),
    contexts: read.map(({ name }) => ({ name, context: { cluster: name, user: name } })),
  })
}
