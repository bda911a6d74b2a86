import { posix } from 'node:path'
import type { Gap } from '../kustomize/gap.ts'
import {
  emptyKustomization,
  type GeneratorField,
  type KustomizationFile,
  type PatchField,
} from '../kustomize/kustomization-file.ts'
import type { FileTree } from './file-tree.ts'
import type { FluxKustomization } from './flux-file.ts'
import { type Additions, type Step, stepsOf } from './steps.ts'

/** A Flux Kustomization as a build accumulates it. */
export interface Accumulated {
  source: FluxKustomization
  /** What changes it, in this order. */
  steps: readonly Step[]
}

/** How a build uses a file. */
export interface FileUse {
  /** Relative to the root of the repository. */
  file: string
  /** The field that names it; `kustomization`: it is the kustomization file of a directory. */
  as: 'resources' | 'kustomization' | PatchField | GeneratorField
  /** What tells Flux the format of a file of a generator or a patch: the key of the entry, or a name. */
  name: string
  /** The kustomization file that names it; `undefined`: it lies in a directory without one. */
  by: string | undefined
  /** What changes its objects, in this order. */
  steps: readonly Step[]
}

/** What the build of a directory holds, as far as the tasks want to know. */
export interface Build {
  flux: readonly Accumulated[]
  /** The files in it that Flux decrypts. */
  encrypted: ReadonlySet<string>
  /** The manifests of interest in it, and all files of generators and patches. */
  uses: readonly FileUse[]
  /** What may bring more of all these. */
  hidden: readonly Gap[]
}

/** The build of a directory that holds nothing. */
export const nothing: Build = { flux: [], encrypted: new Set(), uses: [], hidden: [] }

/** A name of each format that a SOPS file in a Secret can have (docs/decryption.md#what-is-decrypted). */
const ofEachFormat = ['x.yaml', 'x.json', 'x.ini', 'x.env']

/** Follows kustomizations without running kustomize. */
export interface Builder {
  /** What kustomize makes of a directory with a kustomization file; nothing where there is none. */
  kustomize(directory: string): Build
  /**
   * What Flux makes of the path of a Kustomization: where there is no kustomization file, all that is below
   * (scanManifests in fluxcd/pkg/kustomize v1.35.4, kustomize_generator.go).
   */
  flux(directory: string, additions?: Additions): Build
}

/**
 * @param isLeftOut whether what is built does not have a file, as an artifact of Flux may not
 * @returns a builder that works out each directory once
 */
export function makeBuilder(tree: FileTree, isLeftOut: (file: string) => boolean = () => false): Builder {
  const done = new Map<string, Build>()

  function kustomizationIn(directory: string): KustomizationFile | undefined {
    const found = tree.kustomizations.get(directory)
    return found && !isLeftOut(found.file) ? found : undefined
  }

  function kustomize(directory: string): Build {
    const known = done.get(directory)
    if (known) return known
    // one that includes itself, which kustomize refuses
    done.set(directory, nothing)
    const file = kustomizationIn(directory)
    const build = file ? transform(file, accumulate(file)) : nothing
    done.set(directory, build)
    return build
  }

  /** The resources of a kustomization. */
  function accumulate({ file, resources }: KustomizationFile): Build {
    return join(resources.map((path) => (tree.files.has(path) ? fileBuild(path, file) : kustomize(path))))
  }

  /** @param by the kustomization file that lists it */
  function fileBuild(file: string, by: string | undefined): Build {
    const declared = tree.flux.get(file) ?? []
    const isEncrypted = tree.isEncryptedManifest(file)
    const isUsed = isEncrypted || tree.isOfInterest(file)
    // most files are none of these, and need not be held against patterns
    if ((declared.length === 0 && !isUsed) || isLeftOut(file)) return nothing
    const flux = declared.map((source) => ({ source, steps: [] }))
    const use = { file, as: 'resources' as const, name: posix.basename(file), by, steps: [] }
    return { flux, encrypted: new Set(isEncrypted ? [file] : []), uses: isUsed ? [use] : [], hidden: [] }
  }

  /** Components change what was accumulated before them; then come the transformers of the kustomization itself. */
  function transform(file: KustomizationFile, resources: Build, additions?: Additions): Build {
    const uses = [...ownUse(file), ...usesIn(file)]
    const encrypted = new Set(uses.filter(isDecrypted).map((use) => use.file))
    const own = { flux: [], encrypted, uses, hidden: hiddenIn(file) }
    const added = additions?.components.map((path) => localPath(file.directory, path)) ?? []
    const build = [...file.components, ...added].reduce(
      (before, path) => component(path, before),
      join([resources, own]),
    )
    return withSteps(build, stepsOf(file, additions))
  }

  function ownUse({ file, directory }: KustomizationFile): FileUse[] {
    if (!tree.isOfInterest(file)) return []
    return [{ file, as: 'kustomization', name: directory, by: undefined, steps: [] }]
  }

  /** The files of generators and patches. */
  function usesIn({ file, generatorFiles, patchFiles }: KustomizationFile): FileUse[] {
    return [...generatorFiles, ...patchFiles.map((patch) => ({ ...patch, name: patch.path }))]
      .filter(({ path }) => tree.files.has(path) && !isLeftOut(path))
      .map(({ path, field, name }) => ({ file: path, as: field, name, by: file, steps: [] }))
  }

  /** Whether Flux decrypts a file of a generator or a patch (docs/decryption.md#what-is-decrypted). */
  function isDecrypted({ file, as, name }: FileUse): boolean {
    switch (as) {
      case 'secretGenerator.files':
        // what is not decrypted by its name is decrypted as a value of the Secret that is built
        return [name, ...ofEachFormat].some((one) => tree.isEncryptedSource(file, one, false))
      case 'secretGenerator.envs':
        return tree.isEncryptedSource(file, name, true)
      case 'patches':
        return tree.isEncryptedSource(file, name, false)
      case 'patchesStrategicMerge':
        // it gives its `sops` block to the object
        return tree.isEncryptedManifest(file)
      default:
        return false
    }
  }

  const open = new Set<string>()

  function component(path: string, before: Build): Build {
    const file = kustomizationIn(path)
    if (!file || open.has(path)) return before
    open.add(path)
    const build = transform(file, join([before, accumulate(file)]))
    open.delete(path)
    return build
  }

  /** All that is below a directory, those with a kustomization file as such. */
  function below(directory: string): Build {
    const content = tree.directories.get(directory)
    if (!content) return nothing
    return join([
      ...content.files.filter((path) => /\.ya?ml$/.test(path)).map((path) => fileBuild(path, undefined)),
      ...content.directories.map((path) => (kustomizationIn(path) ? kustomize(path) : below(path))),
    ])
  }

  function flux(directory: string, additions?: Additions): Build {
    const file = kustomizationIn(directory)
    if (!additions) return file ? kustomize(directory) : below(directory)
    return file
      ? transform(file, accumulate(file), additions)
      : transform(emptyKustomization(directory), below(directory), additions)
  }

  return { kustomize, flux }
}

function localPath(directory: string, path: string): string {
  return posix.join(directory, path).replace(/\/$/, '')
}

function join(all: readonly Build[]): Build {
  // most files bring nothing
  const builds = all.filter((build) => build !== nothing)
  const [first = nothing] = builds
  if (builds.length < 2) return first
  return {
    flux: builds.flatMap(({ flux }) => flux),
    encrypted: new Set(builds.flatMap(({ encrypted }) => [...encrypted])),
    uses: builds.flatMap(({ uses }) => uses),
    hidden: builds.flatMap(({ hidden }) => hidden),
  }
}

function hiddenIn({ file, problem, hidingFields }: KustomizationFile): Gap[] {
  if (problem !== undefined) return [{ file, field: undefined, problem, reach: 'files' }]
  return hidingFields.map((field) => ({ file, field, reach: 'files' }))
}

/** A build whose objects are changed by more steps, behind those that they have. */
function withSteps(build: Build, more: readonly Step[]): Build {
  if (more.length === 0) return build
  const changed = <One extends { steps: readonly Step[] }>(one: One): One => ({
    ...one,
    steps: [...one.steps, ...more],
  })
  return { ...build, flux: build.flux.map(changed), uses: build.uses.map(changed) }
}
