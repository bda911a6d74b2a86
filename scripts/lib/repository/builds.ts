import { posix } from 'node:path'
import type { KustomizationFile } from '../kustomize/kustomization-file.ts'
import { withFormerId } from '../kustomize/object-ids.ts'
import { type Patch, patched } from '../kustomize/patches.ts'
import type { Mapping } from '../yaml/values.ts'
import type { FileTree } from './file-tree.ts'
import type { FluxKustomization } from './flux-file.ts'

/** What a kustomization, or the parent, does to an object on its way. */
export interface Step {
  /** A parent is a Flux Kustomization whose path takes the object in. */
  from: 'kustomize' | 'parent'
  /** The file that says so. */
  by: string
  apply(object: Mapping): Mapping
}

/** A Flux Kustomization on its way through builds. */
export interface Passing {
  source: FluxKustomization
  steps: readonly Step[]
}

/** What the build of a directory holds, as far as the tasks want to know. */
export interface Build {
  flux: readonly Passing[]
  /** The files in it that Flux decrypts. */
  encrypted: ReadonlySet<string>
}

/**
 * What a Flux Kustomization writes into the kustomization file of its path
 * (docs/decryption.md#the-order-of-one-reconciliation): its components and patches come behind those that are there, and its
 * targetNamespace takes the place of the namespace.
 */
export interface Additions {
  /** Relative to the path. */
  components: readonly string[]
  patches: readonly Step[]
  namespace: Step | undefined
}

const nothing: Build = { flux: [], encrypted: new Set() }

/** Follows kustomizations without running kustomize. */
export interface Builder {
  /** What kustomize makes of a directory with a kustomization file; nothing where there is none. */
  kustomize(directory: string): Build
  /**
   * What Flux makes of the path of a Kustomization: where there is no kustomization file, all that is below
   * (docs/decryption.md#the-order-of-one-reconciliation).
   */
  flux(directory: string, additions?: Additions): Build
}

/** @returns a builder that works out each directory once */
export function makeBuilder(tree: FileTree): Builder {
  const done = new Map<string, Build>()

  function kustomize(directory: string): Build {
    const known = done.get(directory)
    if (known) return known
    // one that takes itself in, which kustomize refuses
    done.set(directory, nothing)
    const file = tree.kustomizations.get(directory)
    const build = file ? apply(file, resourcesOf(file)) : nothing
    done.set(directory, build)
    return build
  }

  function resourcesOf({ resources }: KustomizationFile): Build {
    return join(resources.map((path) => (tree.files.has(path) ? fileBuild(path) : kustomize(path))))
  }

  function fileBuild(file: string): Build {
    const flux = (tree.flux.get(file) ?? []).map((source) => ({ source, steps: [] }))
    return { flux, encrypted: new Set(tree.isEncryptedManifest(file) ? [file] : []) }
  }

  /** Components change what was taken in before them; then come the transformers of the kustomization itself. */
  function apply(file: KustomizationFile, build: Build, additions?: Additions): Build {
    const own = { flux: [], encrypted: new Set(encryptedIn(file)) }
    const added = additions?.components.map((path) => localPath(file.directory, path)) ?? []
    const components = [...file.components, ...added]
    const taken = components.reduce((before, path) => component(path, before), join([build, own]))
    return passOn(taken, stepsOf(file, additions))
  }

  /** The files of generators and patches that are. */
  function encryptedIn({ secretFiles, patchFiles }: KustomizationFile): string[] {
    const sources = secretFiles.filter(({ path, name, env }) => tree.isEncryptedSource(path, name, env))
    const patches = patchFiles.filter(({ path, decrypted }) =>
      decrypted === 'before'
        ? tree.isEncryptedSource(path, path, false)
        : decrypted === 'after' && tree.isEncryptedManifest(path),
    )
    return [...sources, ...patches].map(({ path }) => path)
  }

  const open = new Set<string>()

  function component(path: string, before: Build): Build {
    const file = tree.kustomizations.get(path)
    if (!file || open.has(path)) return before
    open.add(path)
    const build = apply(file, join([before, resourcesOf(file)]))
    open.delete(path)
    return build
  }

  function generated(directory: string, isTop = true): Build {
    if (!isTop && tree.kustomizations.has(directory)) return kustomize(directory)
    const below = tree.directories.get(directory)
    if (!below) return nothing
    return join([
      ...below.files.filter((path) => /\.ya?ml$/.test(path)).map(fileBuild),
      ...below.directories.map((path) => generated(path, false)),
    ])
  }

  function flux(directory: string, additions?: Additions): Build {
    const file = tree.kustomizations.get(directory)
    if (!additions) return file ? kustomize(directory) : generated(directory)
    if (file) return apply(file, resourcesOf(file), additions)
    const components = additions.components.map((path) => localPath(directory, path))
    const taken = components.reduce((build, path) => component(path, build), generated(directory))
    return passOn(taken, [...additions.patches, ...(additions.namespace ? [additions.namespace] : [])])
  }

  return { kustomize, flux }
}

function localPath(directory: string, path: string): string {
  return posix.join(directory, path).replace(/\/$/, '')
}

function join(builds: readonly Build[]): Build {
  const [only] = builds
  if (only && builds.length === 1) return only
  return {
    flux: builds.flatMap(({ flux }) => flux),
    encrypted: new Set(builds.flatMap(({ encrypted }) => [...encrypted])),
  }
}

/** A build whose objects have more steps behind those that they have. */
function passOn(build: Build, more: readonly Step[]): Build {
  if (more.length === 0) return build
  return { ...build, flux: build.flux.map(({ source, steps }) => ({ source, steps: [...steps, ...more] })) }
}

/** In the order of kustomize (api/internal/target/kusttarget_configplugin.go). */
function stepsOf(
  { file, patches, jsonPatches, namespace, labels, annotations }: KustomizationFile,
  additions?: Additions,
): Step[] {
  const from = 'kustomize'
  const setting = (key: string, values: Mapping): Step[] =>
    Object.keys(values).length > 0
      ? [{ from, by: file, apply: (object) => withMetadata(object, key, values) }]
      : []
  const own = namespace ? namespaceStep(namespace, from, file) : undefined
  const namespaces = [additions?.namespace ?? own].filter((step) => step !== undefined)
  return [
    ...patchSteps(patches, from),
    ...(additions?.patches ?? []),
    ...namespaces,
    ...setting('labels', labels),
    ...setting('annotations', annotations),
    ...patchSteps(jsonPatches, from),
  ]
}

/** The steps of patches. */
export function patchSteps(patches: readonly Patch[], from: Step['from']): Step[] {
  return patches.map((patch) => ({ from, by: patch.by, apply: (object) => patched(object, patch) }))
}

/** The step that puts an object into a namespace, whatever was written there. */
export function namespaceStep(namespace: string, from: Step['from'], by: string): Step {
  return {
    from,
    by,
    apply: (object) => ({
      ...withFormerId(object),
      metadata: { ...(object.metadata as Mapping), namespace },
    }),
  }
}

function withMetadata(object: Mapping, key: string, values: Mapping): Mapping {
  const metadata = object.metadata as Mapping | undefined
  return { ...object, metadata: { ...metadata, [key]: { ...(metadata?.[key] as Mapping), ...values } } }
}
