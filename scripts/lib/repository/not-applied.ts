import { posix } from 'node:path'
import type { KustomizationFile } from '../kustomize/kustomization-file.ts'
import type { Builder } from './builds.ts'
import { type FileTree, kustomizationAround } from './file-tree.ts'
import { type FluxKustomization, lackingFields } from './flux-file.ts'
import type { FluxNode } from './flux-tree.ts'
import { objectGap } from './rendered.ts'
import type { LeftOut } from './sources/source-ignore.ts'

/** Why a Flux Kustomization that a file declares is in no cluster, as far as the repository tells. */
export type NotApplied =
  /** The API server would refuse it: it lacks fields of `spec`. */
  | { why: 'incomplete'; lacks: readonly string[] }
  /** A kustomization file lists others beside it. */
  | { why: 'not-listed'; by: string }
  | ({ why: 'left-out' } & LeftOut)

/** What decides whether something is applied. */
interface Around {
  tree: FileTree
  /** As people build by hand. */
  byHand: Builder
  /** The directories that no other kustomization includes. */
  tops: readonly string[]
  /** Why no artifact has a file. */
  leftOut(file: string): LeftOut | undefined
}

/**
 * Finds the Flux Kustomizations that nothing applies. One that a person, or a tool, applies by hand looks like it; it is told
 * apart by what it builds: where it alone brings others, it is the root of a cluster.
 */
export function findNotApplied(
  nodes: readonly FluxNode[],
  around: Around,
): Map<FluxKustomization, NotApplied> {
  const listers = makeListers(around)
  const alone = nodes.flatMap((node) => {
    const why = whyNotBuilt(node, listers, around)
    return why ? [[node.source, why] as const] : []
  })
  const candidates = new Map(alone)
  const isRoot = (source: FluxKustomization) =>
    nodes.some((child) => {
      const parents = child.rendered.map(({ parent }) => parent)
      return (
        parents.includes(source) &&
        parents.every((one) => one && (candidates.has(one) || one === child.source))
      )
    })
  const incomplete = nodes.flatMap((node) => {
    const lacks = lackingInAll(node)
    return lacks.length > 0 ? [[node.source, { why: 'incomplete', lacks }] as const] : []
  })
  return new Map<FluxKustomization, NotApplied>([
    ...alone.filter(([source]) => !isRoot(source)),
    ...incomplete,
  ])
}

/** What a Kustomization lacks however it is built. */
function lackingInAll({ rendered }: FluxNode): string[] {
  const [first = [], ...others] = rendered.map((one) => (objectGap(one) ? [] : lackingFields(one.value)))
  return others.every((fields) => fields.length > 0) ? first : []
}

function whyNotBuilt(
  { source, rendered }: FluxNode,
  listers: (source: FluxKustomization) => string | undefined,
  { leftOut }: Around,
): NotApplied | undefined {
  if (rendered.some((one) => one.parent !== undefined || objectGap(one))) return undefined
  const left = leftOut(source.file)
  if (left) return { why: 'left-out', ...left }
  const by = listers(source)
  return by === undefined ? undefined : { why: 'not-listed', by }
}

/** @returns finds the kustomization file that lists others beside a Kustomization, and not the file or directory that it is in */
function makeListers({ tree, byHand, tops }: Around): (source: FluxKustomization) => string | undefined {
  const holders = Map.groupBy(
    tops.flatMap((top) => byHand.kustomize(top).flux.map(({ source }) => ({ source, top }))),
    ({ source }) => source,
  )
  const holdsFlux = (path: string) => tree.flux.has(path) || byHand.kustomize(path).flux.length > 0
  const listerOf = (path: string): KustomizationFile | undefined => {
    const found = path === '.' ? undefined : kustomizationAround(path, tree)
    // one that brings what is not here may bring this as well
    if (!found || found.problem !== undefined || found.hidingFields.length > 0) return undefined
    const isBeside = (other: string) => other !== path && depthOf(other) === depthOf(path) && holdsFlux(other)
    return found.resources.some(isBeside) ? found : undefined
  }
  return (source) => {
    const paths = holders.get(source)?.map(({ top }) => top) ?? [source.file]
    const found = paths.map((path) => listerOf(path)?.file)
    return found.includes(undefined) ? undefined : found[0]
  }
}

const depthOf = (path: string) => posix.normalize(path).split('/').length
