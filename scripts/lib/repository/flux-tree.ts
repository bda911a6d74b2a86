/**
 * A parent changes the Flux Kustomizations that it builds, and these may be parents themselves: so this is a fixpoint.
 * A round builds every Kustomization in the form that the round before gave it (in the first round: as it is written), and
 * renders those that it finds in the builds, once for each parent. Rounds go on until one changes nothing that a build
 * depends on; each level of parents takes one more. A Kustomization that builds itself, as flux-system does, needs no rule
 * of its own.
 */
import type { Gap } from '../kustomize/gap.ts'
import type { Mapping } from '../yaml/values.ts'
import { additionsOf } from './additions.ts'
import { type Build, type Builder, type FileUse, nothing } from './builds.ts'
import { directoryAt, type FileTree, kustomizationAround } from './file-tree.ts'
import { type FluxKustomization, lackingFields } from './flux-file.ts'
import { asWritten, objectGap, type Parent, type Rendered, render } from './rendered.ts'
import { pathOf, type Sources, sourcesHere } from './sources/flux-sources.ts'
import { variablesOf } from './variables/post-build.ts'

/** What the repository says of one Flux Kustomization. */
export interface FluxNode {
  source: FluxKustomization
  /** Never empty. Several where several parents, or overlays, include it. */
  rendered: readonly Rendered[]
  /** The files that it builds and Flux decrypts. */
  encrypted: ReadonlySet<string>
  /** How it uses the manifests of interest, and the files of generators and patches. */
  uses: readonly FileUse[]
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

/** What builds the directories of a repository. */
export interface Builders {
  /** What people apply by hand has all files. */
  byHand: Builder
  /** What Flux builds from the artifact of a source. @param value a Flux Kustomization */
  fromSource(value: Mapping): Builder
}

/** What is known of a repository beside its files. */
export interface TreeSurroundings {
  /** The directories that nothing else includes, as `kubectl apply -k` would build them. */
  tops: readonly string[]
  sources: Sources
  /** Those that no file declares, but an operator makes. */
  roots: readonly FluxKustomization[]
  /** Those that are in no cluster: they build nothing. */
  idle: ReadonlyMap<FluxKustomization, unknown>
}

/** Follows the Flux Kustomizations of a repository to what they build: the objects that a parent changes, and the encrypted files. */
export function renderFluxTree(tree: FileTree, builders: Builders, around: TreeSurroundings): FluxNode[] {
  const build = makeParentBuild(tree, builders)
  let nodes = nodesWithoutParents(tree, builders.byHand, around)
  let before: readonly Node[] = []
  const isSettled = (node: Node, index: number) => isSameBuild(node.rendered, before[index]?.rendered)
  for (let round = 0; round < maximumRounds && !nodes.every(isSettled); round++) {
    before = nodes
    nodes = renderOnce(before, tree, build, around)
  }
  return nodes.map((node, index) => (isSettled(node, index) ? node : withoutEnd(node)))
}

function isSameBuild(rendered: readonly Rendered[], before: readonly Rendered[] | undefined): boolean {
  const isSame = (one: Rendered, other: Rendered | undefined) =>
    one === other || (other !== undefined && buildKey(one) === buildKey(other))
  return rendered.length === before?.length && rendered.every((one, index) => isSame(one, before[index]))
}

/** Parents change it again and again: what it is in the cluster changes as well. */
function withoutEnd(node: Node): Node {
  const gap: Gap = { file: node.source.file, field: 'spec', reach: 'object' }
  return { ...node, rendered: node.rendered.map((one) => ({ ...one, gaps: [gap] })), hidden: [gap] }
}

/** All Kustomizations as kustomizations that are built by hand make them, or as they are written. */
function nodesWithoutParents(
  tree: FileTree,
  builder: Builder,
  { tops, roots }: TreeSurroundings,
): readonly Node[] {
  const byHand = Map.groupBy(
    tops.flatMap((directory) => builder.kustomize(directory).flux),
    ({ source }) => source,
  )
  const node = (source: FluxKustomization, withoutParent: readonly Rendered[]): Node => {
    const built = { encrypted: new Set<string>(), uses: [], hidden: [], unseen: [] }
    return { source, withoutParent, rendered: withoutParent, ...built }
  }
  const declared = [...tree.flux.values()].flat().map((source) => {
    const built = byHand.get(source)?.map((one) => render(one))
    return node(source, built ?? [asWritten(source, unreadableAround(source.file, tree))])
  })
  return [...declared, ...roots.map((source) => node(source, [asWritten(source, [])]))]
}

/** A file that no build holds may be in one whose kustomization file can't be read. */
function unreadableAround(file: string, tree: FileTree): Gap[] {
  const found = kustomizationAround(file, tree)
  if (found?.problem === undefined) return []
  return [{ file: found.file, field: undefined, problem: found.problem, reach: 'object' }]
}

function renderOnce(
  nodes: readonly Node[],
  tree: FileTree,
  build: ParentBuild,
  { sources, idle }: TreeSurroundings,
): readonly Node[] {
  const parents = nodes.map((node) => ({
    node,
    variants: idle.has(node.source) ? [] : variantsOf(node.rendered).filter(mayBeApplied),
  }))
  const values = parents.flatMap(({ variants }) => variants.map(({ value }) => value))
  const isHere = sourcesHere(values, tree, sources)
  const isSeen = (value: Mapping) => isHere(value) && tree.directories.has(directoryAt(pathOf(value)) ?? '')
  const built = parents.map(({ node, variants }) => ({
    node,
    variants,
    builds: variants.filter(({ value }) => isHere(value)).map((one) => build(node.source, one)),
  }))
  const children = Map.groupBy(
    built.flatMap(({ builds }) => builds.flatMap((one) => one.children)),
    ({ source }) => source,
  )
  return built.map(({ node, variants, builds }) => ({
    ...node,
    rendered: children.get(node.source)?.map(({ rendered }) => rendered) ?? node.withoutParent,
    encrypted: new Set(builds.flatMap(({ encrypted }) => [...encrypted])),
    uses: builds.flatMap(({ uses }) => uses),
    hidden: [...variants.flatMap(gapsOfFiles), ...builds.flatMap(({ hidden }) => hidden)],
    unseen: variants.filter(({ value }) => !isSeen(value)).map(({ value }) => pathOf(value)),
  }))
}

/** What the API server refuses builds nothing, unless something that is not followed completes it. */
function mayBeApplied(rendered: Rendered): boolean {
  return objectGap(rendered) !== undefined || lackingFields(rendered.value).length === 0
}

/** Why it is not known which files a Kustomization builds, whatever is in its path. */
function gapsOfFiles({ gaps }: Rendered): Gap[] {
  return gaps.filter(({ reach }) => reach !== 'children')
}

/** The renderings that differ in what a build depends on. */
function variantsOf(rendered: readonly Rendered[]): readonly Rendered[] {
  return rendered.length === 1 ? rendered : [...new Map(rendered.map((one) => [buildKey(one), one])).values()]
}

/** What is built from the path of a Flux Kustomization, with the Flux Kustomizations in it. */
type ParentBuild = (source: FluxKustomization, rendered: Rendered) => Built
type Built = Omit<Build, 'flux'> & { children: readonly { source: FluxKustomization; rendered: Rendered }[] }

/** @returns a build that is made once for each parent and all that it depends on */
function makeParentBuild(tree: FileTree, builders: Builders): ParentBuild {
  const made = new Map<FluxKustomization, Map<string, Built>>()
  return (source, rendered) => {
    const { value, gaps } = rendered
    const key = buildKey(rendered)
    const ofSource = made.get(source) ?? new Map<string, Built>()
    made.set(source, ofSource)
    const known = ofSource.get(key)
    if (known) return known
    const { flux, ...build } = buildPath(source, value, tree, builders.fromSource(value))
    const parent: Parent = { source, variables: variablesOf(value), gaps }
    const children = flux.map((child) => ({ source: child.source, rendered: render(child, parent) }))
    const built = { ...build, children }
    ofSource.set(key, built)
    return built
  }
}

function buildPath(source: FluxKustomization, value: Mapping, tree: FileTree, builder: Builder): Build {
  const directory = directoryAt(pathOf(value))
  if (directory === undefined || !tree.directories.has(directory)) return nothing
  return builder.flux(directory, additionsOf(value, source.file))
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

const keys = new WeakMap<Rendered, string>()

/** All that the build of a Kustomization depends on, as a text. */
function buildKey(rendered: Rendered): string {
  const known = keys.get(rendered)
  if (known !== undefined) return known
  const { value, gaps } = rendered
  const spec = (value.spec ?? {}) as Mapping
  const key = JSON.stringify([...buildFields.map((field) => spec[field]), variablesOf(value), gaps])
  keys.set(rendered, key)
  return key
}
