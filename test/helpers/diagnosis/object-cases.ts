import { map } from '../flux/encrypted-objects.ts'
import type { FluxCase } from '../flux/run-cases.ts'

const metadata = (name: string, namespace: string) => `metadata: {name: ${name}, namespace: ${namespace}}`

/** The path of a case is the root of the repository where nothing else is said. */
export const ownSource = '  sourceRef: {kind: GitRepository, name: flux-system}\n'

/** A source in flux-system. @param spec its fields, in one line */
export function sourceObject(
  name: string,
  spec: string,
  kind = 'GitRepository',
  namespace = 'flux-system',
): string {
  return `apiVersion: source.toolkit.fluxcd.io/v1\nkind: ${kind}\n${metadata(name, namespace)}\nspec: {interval: 1h, ${spec}}\n`
}

/** A Kustomization. @param spec lines of its spec, with its path and its source */
export function kustomizationObject(name: string, spec: string, namespace = 'flux-system'): string {
  return `apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n${metadata(name, namespace)}\nspec:\n  interval: 1h\n  prune: true\n${spec}`
}

/** A path with a ConfigMap. */
export const plainFiles = (name: string) => ({ 'm.yaml': map(name) })

/** A case whose path has a ConfigMap, or other files. */
export function plainCase(
  name: string,
  spec: string,
  { files = plainFiles, objects }: { files?: FluxCase['files']; objects?: string } = {},
): FluxCase {
  return { name, files, spec, ...(objects !== undefined && { objects }) }
}

/** A case whose Kustomization has a source of its own name. */
export function sourceCase(name: string, spec: string, kind = 'GitRepository'): FluxCase {
  const from = `  path: ./${name}\n  sourceRef: {kind: ${kind}, name: ${name}}\n`
  const objects = [sourceObject(name, spec, kind), kustomizationObject(name, from)].join('---\n')
  return plainCase(name, '', { objects })
}
