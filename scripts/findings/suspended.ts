import { type FluxSource, idOf, type Kustomization } from '../lib/cluster/flux-objects.ts'
import { type Finding, finding } from './finding.ts'

/** How the command line of Flux calls the kinds of sources (https://fluxcd.io/flux/cmd/flux_resume_source/). */
const sourceCommands: Record<string, string> = {
  GitRepository: 'source git',
  OCIRepository: 'source oci',
  Bucket: 'source bucket',
}

/** That an object is suspended. @param isMeanwhile it was not when the run began */
export function suspendedObject(object: Kustomization | FluxSource, isMeanwhile: boolean): Finding {
  const { kind, metadata } = object
  const isSource = kind !== 'Kustomization'
  return finding(
    'suspended',
    { object: `${kind.toLowerCase()} ${idOf(object)}` },
    {
      now: isMeanwhile ? ' now' : '',
      effect: isSource ? 'sees no new commit' : 'applies nothing',
      resource: isSource ? (sourceCommands[kind] ?? `source ${kind.toLowerCase()}`) : 'kustomization',
      namespace: `${metadata.namespace}`,
      name: metadata.name,
    },
  )
}
