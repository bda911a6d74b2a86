import { posix } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { valueAt } from '../yaml/values.ts'
import { directoryAt } from './file-tree.ts'
import type { FluxKustomization } from './flux-file.ts'
import type { FluxInstallation } from './flux-instances.ts'
import type { FluxNode } from './flux-tree.ts'

type Nodes = ReadonlyMap<FluxKustomization, FluxNode>

/** Which Flux Kustomizations get into the same cluster, as far as the repository tells. */
export interface Clusters {
  /** The file that gives the controller of a Kustomization its own key. */
  keyOf(source: FluxKustomization): string | undefined
  /** A file that a Kustomization builds, and another one of its cluster as well. */
  overlapOf(source: FluxKustomization): { file: string; other: FluxKustomization } | undefined
}

/** @param nodes all of a repository, with what takes them in and what they build */
export function findClusters(nodes: Nodes, installations: readonly FluxInstallation[]): Clusters {
  const above = ancestorsOf(nodes)
  const clusters = new Map([...nodes.keys()].map((source) => [source, clusterOf(source, above)]))
  const owners = ownersOf(nodes)
  const keys = installations.filter(({ hasKey }) => hasKey)
  const areTogether = (a: FluxKustomization, b: FluxKustomization) =>
    above.get(a)!.has(b) ||
    above.get(b)!.has(a) ||
    (isSamePlace(a, b) && !clusters.get(a)!.isDisjointFrom(clusters.get(b)!))
  return {
    keyOf(source) {
      // one key for a repository that says no more
      if (keys.length === 1 && !keys[0]!.instance) return keys[0]!.file
      const homes = [...clusters.get(source)!]
      return keys.find((key) => homes.some((home) => isFrom(home, key)))?.file
    },
    overlapOf(source) {
      for (const file of nodes.get(source)!.encrypted) {
        const other = owners.get(file)!.find((owner) => owner !== source && areTogether(owner, source))
        if (other) return { file, other }
      }
      return undefined
    },
  }
}

/** Whether what two Kustomizations build are the same objects: from one source, into the same namespaces of the same cluster. */
function isSamePlace(a: FluxKustomization, b: FluxKustomization): boolean {
  const placeOf = ({ sourceRef, value }: FluxKustomization) => ({
    source: sourceRef.name,
    namespace: valueAt(value, 'spec', 'targetNamespace'),
    cluster: valueAt(value, 'spec', 'kubeConfig'),
  })
  return isDeepStrictEqual(placeOf(a), placeOf(b))
}

/** Whether `home`, the directory of a cluster's roots, is in the path that a FluxInstance syncs, or in the directory of an installation's manifest. */
function isFrom(home: string, { file, instance }: FluxInstallation): boolean {
  const directory = instance ? directoryAt(instance.path) : posix.dirname(file)
  return directory === home || `${home}/`.startsWith(`${directory}/`)
}

/** All that take a Kustomization in, directly or through others. */
function ancestorsOf(nodes: Nodes): Map<FluxKustomization, Set<FluxKustomization>> {
  return new Map(
    [...nodes.keys()].map((source) => {
      const found = new Set<FluxKustomization>()
      const add = (child: FluxKustomization) => {
        for (const { parent } of nodes.get(child)?.rendered ?? []) {
          if (!parent || parent === source || found.has(parent)) continue
          found.add(parent)
          add(parent)
        }
      }
      add(source)
      return [source, found]
    }),
  )
}

/** The directories of its roots: of those that nothing else takes in. */
function clusterOf(
  source: FluxKustomization,
  above: ReadonlyMap<FluxKustomization, ReadonlySet<FluxKustomization>>,
): Set<string> {
  const line = [source, ...above.get(source)!]
  const roots = line.filter((one) => above.get(one)!.size === 0)
  return new Set((roots.length > 0 ? roots : line).map(({ file }) => posix.dirname(file)))
}

function ownersOf(nodes: Nodes): Map<string, FluxKustomization[]> {
  const owners = new Map<string, FluxKustomization[]>()
  for (const { source, encrypted } of nodes.values())
    for (const file of encrypted) owners.set(file, [...(owners.get(file) ?? []), source])
  return owners
}
