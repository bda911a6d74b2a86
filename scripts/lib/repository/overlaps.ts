import { posix } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { valueAt } from '../yaml/values.ts'
import { directoryAt } from './file-tree.ts'
import type { FluxKustomization } from './flux-file.ts'
import type { FluxInstallation } from './flux-instances.ts'
import type { FluxNode } from './flux-tree.ts'

/** Which Flux Kustomizations are applied to the same cluster, as far as the repository tells. */
export interface Clusters {
  /** The file that gives the controller of a Kustomization its own key. */
  keyOf(source: FluxKustomization): string | undefined
  /** A file that a Kustomization builds, and another one of its cluster as well. */
  overlapOf(source: FluxKustomization): { file: string; other: FluxKustomization } | undefined
  /** Whether two Kustomizations apply what they build to the same cluster, and would be rivals there for what both build. */
  areTogether(a: FluxKustomization, b: FluxKustomization): boolean
  /** Those that nothing builds, by which a Kustomization comes into a cluster; itself where that is so, or where all build each other. */
  rootsOf(source: FluxKustomization): readonly FluxKustomization[]
}

type Nodes = ReadonlyMap<FluxKustomization, FluxNode>

/** Where a Kustomization comes from. */
interface Origin {
  /** All that build it, directly or through others. */
  ancestors: ReadonlySet<FluxKustomization>
  /** Those of them, and of itself, that nothing builds. */
  tops: readonly FluxKustomization[]
  /** Their directories: a cluster has its own. */
  roots: ReadonlySet<string>
}

/**
 * @param nodes all Kustomizations of a repository, with their parents and what they build
 * @param installations what configures the controllers of the clusters
 */
export function findClusters(nodes: Nodes, installations: readonly FluxInstallation[]): Clusters {
  const origins = originsOf(nodes)
  const originOf = (source: FluxKustomization) => origins.get(source) ?? nowhere
  const builders = buildersOf(nodes)
  const keys = installations.filter(({ keySecrets }) => keySecrets.length > 0)
  const [key, ...otherKeys] = keys
  const areTogether = (a: FluxKustomization, b: FluxKustomization) =>
    originOf(a).ancestors.has(b) ||
    originOf(b).ancestors.has(a) ||
    (isSamePlace(a, b) && !originOf(a).roots.isDisjointFrom(originOf(b).roots))
  return {
    keyOf(source) {
      // one key for a repository that says no more
      if (key && otherKeys.length === 0 && !key.instance) return key.file
      const roots = [...originOf(source).roots]
      return keys.find((one) => roots.some((root) => isFrom(root, one)))?.file
    },
    overlapOf(source) {
      for (const file of nodes.get(source)?.encrypted ?? []) {
        const other = builders.get(file)?.find((one) => one !== source && areTogether(one, source))
        if (other) return { file, other }
      }
      return undefined
    },
    areTogether,
    rootsOf: (source) => originOf(source).tops,
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

/** Whether a directory of roots is, or lies in, the path that a FluxInstance syncs, or the directory of an installation's manifest. */
function isFrom(root: string, { file, instance }: FluxInstallation): boolean {
  const directory = instance ? directoryAt(instance.path) : posix.dirname(file)
  return directory === root || `${root}/`.startsWith(`${directory}/`)
}

const nowhere: Origin = { ancestors: new Set(), tops: [], roots: new Set() }

function originsOf(nodes: Nodes): Map<FluxKustomization, Origin> {
  const ancestors = new Map([...nodes.keys()].map((source) => [source, ancestorsOf(source, nodes)]))
  return new Map(
    [...ancestors].map(([source, own]) => {
      const line = [source, ...own]
      // what a FluxInstance makes is none of the nodes, and nothing builds it
      const roots = line.filter((one) => !ancestors.get(one)?.size)
      // those that build each other have no root
      const tops = roots.length > 0 ? roots : line
      const directories = tops.map((top) => directoryOf(top, ancestors.has(top)))
      return [source, { ancestors: own, tops, roots: new Set(directories) }]
    }),
  )
}

/** The one of the file that declares it, or the one that a FluxInstance syncs: the file of that may lie anywhere. */
function directoryOf({ file, path = '.' }: FluxKustomization, isDeclared: boolean): string {
  return isDeclared ? posix.dirname(file) : (directoryAt(path) ?? path)
}

function ancestorsOf(source: FluxKustomization, nodes: Nodes): Set<FluxKustomization> {
  const found = new Set<FluxKustomization>()
  const add = (child: FluxKustomization) => {
    for (const { parent } of nodes.get(child)?.rendered ?? []) {
      if (!parent || parent === source || found.has(parent)) continue
      found.add(parent)
      add(parent)
    }
  }
  add(source)
  return found
}

/** Who builds each encrypted file. */
function buildersOf(nodes: Nodes): Map<string, FluxKustomization[]> {
  const builders = new Map<string, FluxKustomization[]>()
  for (const { source, encrypted } of nodes.values())
    for (const file of encrypted) builders.set(file, [...(builders.get(file) ?? []), source])
  return builders
}
