import type { Gap } from '../kustomize/gap.ts'
import type { KustomizationFile } from '../kustomize/kustomization-file.ts'
import { withFormerId } from '../kustomize/object-ids.ts'
import { type Patch, patched, whyNotFollowed } from '../kustomize/patches.ts'
import type { Unfollowed } from '../kustomize/unfollowed.ts'
import { type Mapping, textAt } from '../yaml/values.ts'

/** Who changes an object in a build. */
export interface Author {
  /** A kustomization file, or the spec of the Flux Kustomization whose path is built. */
  from: 'kustomize' | 'parent'
  /** The file that says so, relative to the root of the repository. */
  by: string
}

/** One change of an object in a build. */
export interface Step extends Author {
  apply(object: Mapping): Mapping
  /** What is not known of an object after this step; `undefined`: nothing. Of others than Flux Kustomizations see `mayChange`. */
  gap(object: Mapping): Gap | undefined
  /** The field that may change an object of any kind in a way that is not followed. */
  mayChange(object: Mapping): string | undefined
}

/**
 * What a Flux Kustomization writes into the kustomization file of its path before it is built: its components and patches
 * come after those of the file, its namespace, prefix and suffix take the place of theirs
 * (GenerateManifest in fluxcd/pkg/kustomize v1.35.4, kustomize_generator.go).
 */
export interface Additions {
  /** Relative to the path. */
  components: readonly string[]
  patches: readonly Step[]
  namespace: Step | undefined
  namePrefix: Step | undefined
  nameSuffix: Step | undefined
}

/**
 * What a kustomization does to the objects that it has accumulated, in the order of kustomize
 * (configureBuiltinTransformers in api/internal/target/kusttarget_configplugin.go of v0.21.1).
 */
export function stepsOf(kustomization: KustomizationFile, additions: Additions | undefined): Step[] {
  const { file, namespace, namePrefix, nameSuffix, labels, annotations } = kustomization
  const author: Author = { from: 'kustomize', by: file }
  const settings = [
    additions?.namespace ?? namespaceStep(namespace, author),
    additions?.namePrefix ?? prefixStep(namePrefix, author),
    additions?.nameSuffix ?? suffixStep(nameSuffix, author),
    metadataStep('labels', labels, author),
    metadataStep('annotations', annotations, author),
  ]
  return [
    ...kustomization.patches.map((patch) => patchStep(patch, author)),
    ...(additions?.patches ?? []),
    ...settings.filter((one) => one !== undefined),
    ...kustomization.jsonPatches.map((patch) => patchStep(patch, author)),
    ...kustomization.unfollowed.map((one) => unfollowedStep(one, author)),
  ]
}

/** Applies a patch; its author is who lists it, `by` becomes the file that holds its text. */
export function patchStep(patch: Patch, { from, by }: Author): Step {
  const unfollowed = (object: Mapping) => {
    const why = whyNotFollowed(object, patch)
    return why === undefined ? undefined : `${patch.field} (${why})`
  }
  return {
    from,
    by: patch.by,
    apply: (object) => patched(object, patch),
    gap(object) {
      const field = unfollowed(object)
      return field === undefined ? undefined : { file: by, field, reach: 'object' }
    },
    mayChange: unfollowed,
  }
}

/** Changes an object in a way that is not followed. */
export function unfollowedStep({ field, reach: reachOf, ofEveryKind }: Unfollowed, author: Author): Step {
  return {
    ...author,
    apply: (object) => object,
    gap(object) {
      const reach = reachOf(object)
      return reach && { file: author.by, field, reach }
    },
    mayChange: (object) => (!ofEveryKind || reachOf(object) ? field : undefined),
  }
}

/** Puts an object into a namespace, whatever was written there. @returns `undefined` where there is none to put it into */
export function namespaceStep(namespace: string | undefined, author: Author): Step | undefined {
  if (namespace === undefined) return undefined
  return step(author, (object) => withMetadata(withFormerId(object), { namespace }))
}

/** Puts a text before the name of an object. @returns `undefined` where there is none */
export function prefixStep(prefix: string | undefined, author: Author): Step | undefined {
  return prefix === undefined ? undefined : nameStep((name) => `${prefix}${name}`, author)
}

/** Puts a text behind the name of an object. @returns `undefined` where there is none */
export function suffixStep(suffix: string | undefined, author: Author): Step | undefined {
  return suffix === undefined ? undefined : nameStep((name) => `${name}${suffix}`, author)
}

function nameStep(change: (name: string) => string, author: Author): Step {
  return step(author, (object) => {
    const name = textAt(object, 'metadata', 'name')
    return name === undefined ? object : withMetadata(withFormerId(object), { name: change(name) })
  })
}

/** Adds labels or annotations to those of an object. */
function metadataStep(key: 'labels' | 'annotations', values: Mapping, author: Author): Step | undefined {
  if (Object.keys(values).length === 0) return undefined
  return step(author, (object) => {
    const metadata = object.metadata as Mapping | undefined
    return withMetadata(object, { [key]: { ...(metadata?.[key] as Mapping), ...values } })
  })
}

/** A step behind which all is known. */
function step(author: Author, apply: Step['apply']): Step {
  return { ...author, apply, gap: () => undefined, mayChange: () => undefined }
}

function withMetadata(object: Mapping, values: Mapping): Mapping {
  return { ...object, metadata: { ...(object.metadata as Mapping), ...values } }
}
