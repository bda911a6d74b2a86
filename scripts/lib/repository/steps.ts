import type { KustomizationFile } from '../kustomize/kustomization-file.ts'
import { withFormerId } from '../kustomize/object-ids.ts'
import { type Patch, patched, patchesIn, whyNotFollowed } from '../kustomize/patches.ts'
import type { Gap, Unfollowed } from '../kustomize/unfollowed.ts'
import { listAt, type Mapping, textAt } from '../yaml/values.ts'

/** One change of an object in a build. */
export interface Step {
  /** Who changes it: a kustomization file, or the spec of the Flux Kustomization whose path is built. */
  from: 'kustomize' | 'parent'
  /** The file that says so, relative to the root of the repository. */
  by: string
  apply(object: Mapping): Mapping
  /** What is not known of the object after this step; `undefined`: nothing. */
  gap(object: Mapping): Gap | undefined
}

const known = () => undefined

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
 * Reads what a Flux Kustomization adds.
 * @param value the object as it is in the cluster
 * @param file where it is declared
 * @returns `undefined` where it adds nothing
 */
export function additionsOf(value: Mapping, file: string): Additions | undefined {
  const set = (key: string, step: (text: string, from: Step['from'], by: string) => Step) => {
    const text = textAt(value, 'spec', key)
    return text === undefined ? undefined : step(text, 'parent', file)
  }
  const patches = patchesIn(listAt(value, 'spec', 'patches'), {
    field: 'spec.patches',
    file,
    fileOf: () => ({ file, text: () => '' }),
  })
  const additions = {
    components: listAt(value, 'spec', 'components').filter((path) => typeof path === 'string'),
    patches: [...patchSteps(patches, 'parent', file), ...removedPatches(value, file)],
    namespace: set('targetNamespace', namespaceStep),
    namePrefix: set('namePrefix', prefixStep),
    nameSuffix: set('nameSuffix', suffixStep),
  }
  return Object.values(additions).flat().some(Boolean) ? additions : undefined
}

/** Fields of API versions that Flux has removed, which are not followed. */
function removedPatches(value: Mapping, file: string): Step[] {
  const fields = ['patchesStrategicMerge', 'patchesJson6902'].filter(
    (field) => listAt(value, 'spec', field).length > 0,
  )
  return fields.map((field) =>
    unfollowedStep({ field: `spec.${field}`, reach: () => 'object' }, 'parent', file),
  )
}

/**
 * What a kustomization does to the objects that it has accumulated, in the order of kustomize
 * (configureBuiltinTransformers in api/internal/target/kusttarget_configplugin.go of v0.21.1).
 */
export function stepsOf(kustomization: KustomizationFile, additions: Additions | undefined): Step[] {
  const { file, patches, jsonPatches, namespace, namePrefix, nameSuffix, unfollowed } = kustomization
  const from = 'kustomize'
  const own = (text: string | undefined, step: (text: string, from: Step['from'], by: string) => Step) =>
    text === undefined ? undefined : step(text, from, file)
  const settings = [
    additions?.namespace ?? own(namespace, namespaceStep),
    additions?.namePrefix ?? own(namePrefix, prefixStep),
    additions?.nameSuffix ?? own(nameSuffix, suffixStep),
    metadataStep('labels', kustomization.labels, file),
    metadataStep('annotations', kustomization.annotations, file),
  ]
  return [
    ...patchSteps(patches, from, file),
    ...(additions?.patches ?? []),
    ...settings.filter((step) => step !== undefined),
    ...patchSteps(jsonPatches, from, file),
    ...unfollowed.map((one) => unfollowedStep(one, from, file)),
  ]
}

/** @param file that lists the patches */
function patchSteps(patches: readonly Patch[], from: Step['from'], file: string): Step[] {
  return patches.map((patch) => ({
    from,
    by: patch.by,
    apply: (object) => patched(object, patch),
    gap(object) {
      const why = whyNotFollowed(object, patch)
      return why === undefined ? undefined : { file, field: `${patch.field} (${why})`, reach: 'object' }
    },
  }))
}

function unfollowedStep({ field, reach: reachOf }: Unfollowed, from: Step['from'], file: string): Step {
  return {
    from,
    by: file,
    apply: (object) => object,
    gap(object) {
      const reach = reachOf(object)
      return reach && { file, field, reach }
    },
  }
}

/** Puts an object into a namespace, whatever was written there. */
function namespaceStep(namespace: string, from: Step['from'], by: string): Step {
  return { from, by, apply: (object) => withMetadata(withFormerId(object), { namespace }), gap: known }
}

function prefixStep(prefix: string, from: Step['from'], by: string): Step {
  return nameStep((name) => `${prefix}${name}`, from, by)
}

function suffixStep(suffix: string, from: Step['from'], by: string): Step {
  return nameStep((name) => `${name}${suffix}`, from, by)
}

function nameStep(change: (name: string) => string, from: Step['from'], by: string): Step {
  return {
    from,
    by,
    apply(object) {
      const name = textAt(object, 'metadata', 'name')
      return name === undefined ? object : withMetadata(withFormerId(object), { name: change(name) })
    },
    gap: known,
  }
}

/** Adds labels or annotations to those of an object. */
function metadataStep(key: 'labels' | 'annotations', values: Mapping, by: string): Step | undefined {
  if (Object.keys(values).length === 0) return undefined
  return {
    from: 'kustomize',
    by,
    apply(object) {
      const metadata = object.metadata as Mapping | undefined
      return withMetadata(object, { [key]: { ...(metadata?.[key] as Mapping), ...values } })
    },
    gap: known,
  }
}

function withMetadata(object: Mapping, values: Mapping): Mapping {
  return { ...object, metadata: { ...(object.metadata as Mapping), ...values } }
}
