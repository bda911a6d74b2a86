import { applyPatch, type Operation, Pointer } from 'rfc6902'
import { isMapping, type Mapping, textAt, valueAt } from '../yaml/values.ts'
import { withFormerId } from './object-ids.ts'
import { parsedText } from './parsed-text.ts'
import { isSameObject, isTarget, type PatchTarget, patchTarget, portablePart } from './patch-target.ts'
import { isMergePatch, merged } from './strategic-merge.ts'
import { type FileOf, isRemote } from './unfollowed.ts'

/** A patch as a kustomization or a Flux Kustomization has it. */
export interface Patch {
  /** Where it is listed: `patches`, `patchesStrategicMerge` or `patchesJson6902`, in a Flux Kustomization `spec.patches`. */
  field: string
  /** The file that holds its text, relative to the root of the repository. */
  by: string
  /** `undefined`: the objects that it names itself. */
  target: PatchTarget | undefined
  /** A strategic merge patch, or a list of JSON6902 operations; YAML or JSON. Empty where its file can't be read. */
  text(): string
  /** What keeps us from following it, whatever its text says. */
  obstacle: 'URL' | 'options' | 'target' | undefined
}

/**
 * Reads a list of patches.
 * @param list the entries as plain values
 * @param field where they are listed
 * @param file the file that has the list, relative to the root of the repository
 */
export function patchesIn(
  list: readonly unknown[],
  { field, file, fileOf }: { field: string; file: string; fileOf: FileOf },
): Patch[] {
  return list.flatMap((entry): Patch[] => {
    // an entry of patchesStrategicMerge is a path, or the patch itself
    const path = typeof entry === 'string' && !/^\s*\{|\n/.test(entry) ? entry : textAt(entry, 'path')
    const inline = typeof entry === 'string' ? entry : textAt(entry, 'patch')
    const target = patchTarget(valueAt(entry, 'target'))
    const obstacle = obstacleOf(entry, path, target)
    if (path === undefined)
      return inline === undefined ? [] : [{ field, by: file, target, text: () => inline, obstacle }]
    const found = fileOf(path)
    return [{ field, by: found.file, target, text: found.text, obstacle }]
  })
}

function obstacleOf(
  entry: unknown,
  path: string | undefined,
  target: PatchTarget | undefined,
): Patch['obstacle'] {
  if (path !== undefined && isRemote(path)) return 'URL'
  const isSet = (key: string) => valueAt(entry, 'options', key) === true
  if (isSet('allowNameChange') || isSet('allowKindChange')) return 'options'
  return target && portablePart(target) !== target ? 'target' : undefined
}

/** Why what a patch makes of an object is not followed; `undefined` where it is, or the patch is for others. */
export function whyNotFollowed(object: Mapping, { target, text, obstacle }: Patch): string | undefined {
  const patches = obstacle === 'URL' ? [] : parsed(text())
  const why =
    obstacle ?? (patches.includes(undefined) ? 'text' : patches.some(isDeletion) && '$patch: delete')
  if (!why) return undefined
  if (target) return isTarget(object, portablePart(target)) ? why : undefined
  // of a text that we can't read it is not known which object it names
  if (why === 'URL' || why === 'text') return why
  const own = patches.filter((patch) => isMergePatch(patch) && isSameObject(object, patch))
  return own.some((patch) => why === 'options' || isDeletion(patch)) ? why : undefined
}

function isDeletion(patch: unknown): boolean {
  return valueAt(patch, '$patch') === 'delete'
}

/**
 * An object as a patch leaves it.
 * @returns the same object where the patch is not for it, would delete it, or cannot be applied (kustomize then fails)
 */
export function patched(object: Mapping, { field, target, text }: Patch): Mapping {
  if (target && !isTarget(object, target)) return object
  const patches = parsed(text())
  const [first] = patches
  // of several lists kustomize reads the first
  if (Array.isArray(first)) {
    // PatchJson6902Transformer.go of kustomize v0.21.1 stores no former id
    const known = field === 'patchesJson6902' ? object : withFormerId(object)
    return target ? withOperations(known, first) : object
  }
  if (!patches.every(isMergePatch) || (target && patches.length > 1)) return object
  return patches.filter((patch) => target || isSameObject(object, patch)).reduce(merged, object)
}

/** The documents of a patch. */
function parsed(text: string): readonly unknown[] {
  return isRefusedList(text) ? [''] : parsedText(text)
}

/** A text that begins with a bracket has to be JSON (jsonPatchFromBytes in PatchTransformer.go of kustomize v0.21.1). */
function isRefusedList(text: string): boolean {
  if (!/^\s*\[/.test(text)) return false
  try {
    JSON.parse(text)
    return false
  } catch {
    return true
  }
}

/** All JSON6902 operations or none. */
function withOperations(object: Mapping, operations: unknown[]): Mapping {
  // the clone has no former ids
  const copy = { ...object, ...structuredClone(object) }
  try {
    const errors = (operations as Operation[]).flatMap((one) =>
      applyPatch(copy, [addingWhatIsMissing(copy, one)]),
    )
    return errors.every((error) => error === null) ? copy : object
  } catch {
    // not even operations
    return object
  }
}

/** For kustomize a `replace` in a mapping is an `add`. */
function addingWhatIsMissing(object: Mapping, operation: Operation): Operation {
  if (operation.op !== 'replace') return operation
  const { parent } = Pointer.fromJSON(operation.path).evaluate(object)
  return isMapping(parent) ? { ...operation, op: 'add' } : operation
}
