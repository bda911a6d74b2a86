import { isDeepStrictEqual } from 'node:util'
import { patchesIn } from '../kustomize/patches.ts'
import { listAt, type Mapping, textAt, valueAt } from '../yaml/values.ts'
import { type Build, type Builder, namespaceStep, type Passing, patchSteps } from './builds.ts'
import { directoryAt, type FileTree } from './file-tree.ts'
import type { FluxKustomization } from './flux-file.ts'
import { type Context, contextOf } from './rendered.ts'

/** What the repository says of one Flux Kustomization. */
export interface FluxNode {
  source: FluxKustomization
  /** Never empty. Several where several parents, or overlays, take it in. */
  contexts: Context[]
  /** The files that it builds and Flux decrypts. */
  encrypted: ReadonlySet<string>
  /** Of its paths those that are not in the repository: another source has them, or they depend on the cluster. */
  unseen: readonly string[]
}

/** How many levels of parents may change each other's children; where they change each other without end, it is given up. */
const rounds = 32

/**
 * Follows the Flux Kustomizations of a repository to what they build: the objects that a parent changes, and the encrypted files.
 * @param tops the directories that nothing else takes in, as `kubectl apply -k` would get them
 */
export function readFluxNodes(tree: FileTree, builder: Builder, tops: readonly string[]): FluxNode[] {
  const declared = [...tree.flux.values()].flat()
  const alone = contextsAlone(
    declared,
    tops.flatMap((directory) => builder.kustomize(directory).flux),
  )
  const known = new Map<
    string,
    { encrypted: ReadonlySet<string>; children: [FluxKustomization, Context][] }
  >()
  const look = (value: Mapping, source: FluxKustomization, id: number) => {
    const key = `${id} ${keyOf(value)}`
    const before = known.get(key)
    if (before) return before
    const { flux, encrypted } = buildOf(value, source.file, tree, builder)
    const children = flux.map((passing): [FluxKustomization, Context] => [
      passing.source,
      contextOf(passing, value, source),
    ])
    const found = { encrypted, children }
    known.set(key, found)
    return found
  }
  let nodes = declared.map(
    (source): FluxNode => ({ source, contexts: alone.get(source)!, encrypted: new Set(), unseen: [] }),
  )
  let variants = nodes.map(variantsOf)
  for (let round = 0; round < rounds; round++) {
    const taken = new Map<FluxKustomization, Context[]>()
    const isHere = sourcesOf(variants.flat(), tree)
    const encrypted = nodes.map(({ source }, index) => {
      const files = new Set<string>()
      for (const value of variants[index]!.filter(isHere)) {
        const found = look(value, source, index)
        for (const file of found.encrypted) files.add(file)
        for (const [child, context] of found.children) {
          const others = taken.get(child)
          if (others) others.push(context)
          else taken.set(child, [context])
        }
      }
      return files
    })
    nodes = declared.map((source, index) => ({
      source,
      contexts: taken.get(source) ?? alone.get(source)!,
      encrypted: encrypted[index]!,
      unseen: unseenOf(variants[index]!, isHere, tree),
    }))
    const before = variants
    variants = nodes.map(variantsOf)
    if (isDeepStrictEqual(variants.map(keysOf), before.map(keysOf))) break
  }
  return nodes
}

/** As no parent takes them in: with what kustomize does to them, or as they are written. */
function contextsAlone(
  declared: readonly FluxKustomization[],
  byHand: readonly Passing[],
): Map<FluxKustomization, Context[]> {
  const found = new Map<FluxKustomization, Context[]>()
  for (const passing of byHand) {
    const others = found.get(passing.source)
    const context = contextOf(passing)
    if (others) others.push(context)
    else found.set(passing.source, [context])
  }
  for (const source of declared)
    if (!found.has(source))
      found.set(source, [{ parent: undefined, value: source.value as Mapping, decryptionBy: undefined }])
  return found
}

/** The values that differ in what a build depends on (`keyOf`). */
function variantsOf({ contexts }: FluxNode): Mapping[] {
  const [only] = contexts
  if (only && contexts.length === 1) return [only.value]
  return [...new Map(contexts.map(({ value }) => [keyOf(value), value])).values()]
}

const keys = new WeakMap<Mapping, string>()
const keysOf = (values: readonly Mapping[]) => values.map(keyOf)

/** All that the build of an object, and what it hands on to its children, depends on. */
function keyOf(value: Mapping): string {
  const known = keys.get(value)
  if (known !== undefined) return known
  const { path, patches, components, targetNamespace, sourceRef, postBuild } = (value.spec ?? {}) as Mapping
  const substitute = valueAt(postBuild, 'substitute')
  const key = JSON.stringify([path, patches, components, targetNamespace, sourceRef, substitute])
  keys.set(value, key)
  return key
}

/**
 * Which objects build this repository. Their source does not say so, for it is often made by `flux bootstrap` or an operator:
 * a source counts as this repository where one of the paths that are built from it is here. One of which only the root is
 * built tells nothing by that; it counts where it is the only one, or has the name that bootstrap gives.
 */
function sourcesOf(values: readonly Mapping[], tree: FileTree): (value: Mapping) => boolean {
  const nameOf = (value: Mapping) => textAt(value, 'spec', 'sourceRef', 'name')
  const sources = new Map<string, { hasPaths: boolean; isHere: boolean }>()
  for (const value of values) {
    const name = nameOf(value)
    if (name === undefined) continue
    const found = sources.get(name) ?? { hasPaths: false, isHere: false }
    sources.set(name, found)
    const directory = directoryAt(textAt(value, 'spec', 'path') ?? '.')
    if (directory === '.') continue
    found.hasPaths = true
    found.isHere ||= directory !== undefined && tree.directories.has(directory)
  }
  return (value) => {
    const name = nameOf(value)
    const found = name === undefined ? undefined : sources.get(name)
    if (!found) return true
    return found.hasPaths ? found.isHere : sources.size === 1 || name === 'flux-system'
  }
}

/** The paths that can't be followed. */
function unseenOf(values: readonly Mapping[], isHere: (value: Mapping) => boolean, tree: FileTree): string[] {
  return values.flatMap((value) => {
    const path = textAt(value, 'spec', 'path') ?? '.'
    return isHere(value) && tree.directories.has(directoryAt(path) ?? '') ? [] : [path]
  })
}

function buildOf(value: Mapping, file: string, tree: FileTree, builder: Builder): Build {
  const directory = directoryAt(textAt(value, 'spec', 'path') ?? '.')
  if (directory === undefined || !tree.directories.has(directory)) return { flux: [], encrypted: new Set() }
  const components = listAt(value, 'spec', 'components').filter((path) => typeof path === 'string')
  const patches = patchesIn(listAt(value, 'spec', 'patches'), file, () => ({ file, text: () => '' }))
  const namespace = textAt(value, 'spec', 'targetNamespace')
  if (components.length === 0 && patches.length === 0 && !namespace) return builder.flux(directory)
  return builder.flux(directory, {
    components,
    patches: patchSteps(patches, 'parent'),
    namespace: namespace === undefined ? undefined : namespaceStep(namespace, 'parent', file),
  })
}
