/**
 * A parent changes the Flux Kustomizations that it builds, and these may be parents themselves: so this is a fixpoint.
 * A round builds every Kustomization in the form that the round before gave it (in the first round: as it is written), and
 * renders those that it finds in the builds, once for each parent. Rounds go on until one changes nothing that a build
 * depends on; each level of parents takes one more. A Kustomization that builds itself, as flux-system does, needs no rule
 * of its own.
 */
import { posix } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { Gap } from '../kustomize/unfollowed.ts'
import type { Mapping } from '../yaml/values.ts'
import { type Build, type Builder, nothing } from './builds.ts'
import { directoryAt, type FileTree } from './file-tree.ts'
import type { FluxKustomization } from './flux-file.ts'
import { pathOf, sourcesHere } from './flux-sources.ts'
import { variablesOf } from './post-build.ts'
import { asWritten, type Parent, type Rendered, render } from './rendered.ts'
import { additionsOf } from './steps.ts'

/** What the repository says of one Flux Kustomization. */
export interface FluxNode {
  source: FluxKustomization
  /** Never empty. Several where several parents, or overlays, include it. */
  rendered: readonly Rendered[]
  /** The files that it builds and Flux decrypts. */
  encrypted: ReadonlySet<string>
  /** Why it may build more than these. */
  hidden: readonly Gap[]
  /** Of its paths those that are not in the repository: another source has them, or they depend on the cluster. */
  unseen: readonly string[]
}

/** A node with what it is where no parent builds it. */
interface Node extends FluxNode {
  withoutParent: readonly Rendered[]
}

/** How many levels of parents may change each other's children. */
const maximumRounds = 32

/**
 * Follows the Flux Kustomizations of a repository to what they build: the objects that a parent changes, and the encrypted files.
 * @param tops the directories that nothing else includes, as `kubectl apply -k` would build them
 */
export function renderFluxTree(tree: FileTree, builder: Builder, tops: readonly string[]): FluxNode[] {
  const build = makeParentBuild(tree, builder)
  let nodes = nodesWithoutParents(tree, builder, tops)
  for (let round = 0; round < maximumRounds; round++) {
    const before = nodes
    nodes = renderOnce(before, tree, build)
    if (isDeepStrictEqual(nodes.map(buildKeys), before.map(buildKeys))) return nodes
  }
  const next = renderOnce(nodes, tree, build)
  return nodes.map((node, index) => {
    const isSettled = isDeepStrictEqual(buildKeys(node), next[index] && buildKeys(next[index]))
    return isSettled ? node : withoutEnd(node)
  })
}

/** Parents change it again and again: what it is in the cluster changes as well. */
function withoutEnd(node: Node): Node {
  const gap: Gap = { file: node.source.file, field: 'spec', reach: 'object' }
  return {
    ...node,
    rendered: node.rendered.map((one) => ({ ...one, gaps: [...one.gaps, gap] })),
    hidden: [gap],
  }
}

/** All Kustomizations as kustomizations that are built by hand make them, or as they are written. */
function nodesWithoutParents(tree: FileTree, builder: Builder, tops: readonly string[]): Node[] {
  const byHand = Map.groupBy(
    tops.flatMap((directory) => builder.kustomize(directory).flux),
    ({ source }) => source,
  )
  return [...tree.flux.values()].flat().map((source) => {
    const withoutParent = byHand.get(source)?.map((one) => render(one)) ?? [
      asWritten(source, unreadableAbove(source.file, tree)),
    ]
    return { source, withoutParent, rendered: withoutParent, encrypted: new Set(), hidden: [], unseen: [] }
  })
}

/** The kustomization file of a directory, or the one around it, that can't be read: it may include a file that no other one does. */
function unreadableAbove(path: string, tree: FileTree): Gap[] {
  const directory = posix.dirname(path)
  const found = tree.kustomizations.get(directory)
  if (found) return found.isReadable ? [] : [{ file: found.file, field: undefined, reach: 'object' }]
  return directory === '.' ? [] : unreadableAbove(directory, tree)
}

function renderOnce(nodes: readonly Node[], tree: FileTree, build: ParentBuild): Node[] {
  const isHere = sourcesHere(
    nodes.flatMap((node) => variantsOf(node).map(({ value }) => value)),
    tree,
  )
  const isSeen = (value: Mapping) => isHere(value) && tree.directories.has(directoryAt(pathOf(value)) ?? '')
  const children: Child[] = []
  const built = nodes.map((node): Node => {
    const variants = variantsOf(node)
    const builds = variants
      .filter(({ value }) => isHere(value))
      .map((variant) => build({ ...variant, source: node.source }))
    children.push(...builds.flatMap((one) => one.children))
    const own = variants.flatMap(({ gaps }) => gaps.filter(({ reach }) => reach !== 'children'))
    return {
      ...node,
      encrypted: new Set(builds.flatMap(({ encrypted }) => [...encrypted])),
      hidden: [...own, ...builds.flatMap(({ hidden }) => hidden)],
      unseen: variants
        .map(({ value }) => value)
        .filter((value) => !isSeen(value))
        .map(pathOf),
    }
  })
  const rendered = Map.groupBy(children, ({ source }) => source)
  return built.map((node) => ({
    ...node,
    rendered: rendered.get(node.source)?.map((child) => child.rendered) ?? node.withoutParent,
  }))
}

/** A Flux Kustomization in the build of another one. */
interface Child {
  source: FluxKustomization
  rendered: Rendered
}

/** What is built from the path of a Flux Kustomization. */
type ParentBuild = (parent: Parent) => Omit<Build, 'flux'> & { children: readonly Child[] }

/** @returns a build that is made once for each parent and all that it depends on */
function makeParentBuild(tree: FileTree, builder: Builder): ParentBuild {
  const made = new Map<FluxKustomization, Map<string, ReturnType<ParentBuild>>>()
  return (parent) => {
    const key = buildKey(parent)
    const ofParent = made.get(parent.source) ?? new Map<string, ReturnType<ParentBuild>>()
    made.set(parent.source, ofParent)
    const known = ofParent.get(key)
    if (known) return known
    const { flux, ...rest } = buildPath(parent, tree, builder)
    const children = flux.map((child) => ({ source: child.source, rendered: render(child, parent) }))
    const build = { ...rest, children }
    ofParent.set(key, build)
    return build
  }
}

function buildPath({ source, value }: Parent, tree: FileTree, builder: Builder): Build {
  const directory = directoryAt(pathOf(value))
  if (directory === undefined || !tree.directories.has(directory)) return nothing
  return builder.flux(directory, additionsOf(value, source.file))
}

/** The renderings that differ in what a build depends on. */
function variantsOf({ rendered }: FluxNode): readonly Rendered[] {
  return rendered.length === 1 ? rendered : [...new Map(rendered.map((one) => [buildKey(one), one])).values()]
}

function buildKeys(node: FluxNode): string[] {
  return variantsOf(node).map(buildKey)
}

/** The fields of a spec that its build, and what it makes of its children, depends on; `postBuild` by its variables. */
const buildFields = [
  'path',
  'sourceRef',
  'components',
  'patches',
  'patchesStrategicMerge',
  'patchesJson6902',
  'targetNamespace',
  'namePrefix',
  'nameSuffix',
] as const

const keys = new WeakMap<Mapping, string>()

function buildKey({ value, gaps }: Parent | Rendered): string {
  const known = keys.get(value)
  const ofValue = known ?? keyOfValue(value)
  if (known === undefined) keys.set(value, ofValue)
  return gaps.length === 0 ? ofValue : `${ofValue} ${JSON.stringify(gaps)}`
}

function keyOfValue(value: Mapping): string {
  const spec = (value.spec ?? {}) as Mapping
  return JSON.stringify([...buildFields.map((field) => spec[field]), variablesOf(value)])
}
