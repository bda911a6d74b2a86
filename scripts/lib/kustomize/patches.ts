import { applyPatch, type Operation, Pointer } from 'rfc6902'
import { parseDocuments } from '../yaml/documents.ts'
import { isMapping, type Mapping, textAt, valueAt } from '../yaml/values.ts'
import { withFormerId } from './object-ids.ts'
import { isSameObject, isTarget, type PatchTarget, patchTarget } from './patch-target.ts'
import { isMergePatch, merged } from './strategic-merge.ts'

/** A patch as a kustomization or a Flux Kustomization has it. */
export interface Patch {
  /** The file that holds its text, relative to the root of the repository. */
  by: string
  /** `undefined`: the objects that it names itself. */
  target: PatchTarget | undefined
  /** A strategic merge patch, or a list of JSON6902 operations; YAML or JSON. Empty where its file can't be read. */
  text(): string
  /** Whether operations that rename an object leave it its former id: those of `patchesJson6902` do not. */
  keepsFormerId: boolean
}

/**
 * The patches of `patches` or `patchesStrategicMerge`.
 * @param list the entries as plain values
 * @param by the file that holds them
 * @param fileOf the file that an entry names, relative to the root, and its text
 */
export function patchesIn(
  list: readonly unknown[],
  by: string,
  fileOf: (path: string) => { file: string; text: () => string },
): Patch[] {
  return list.flatMap((entry) => {
    // an entry of patchesStrategicMerge is a path, or the patch itself
    const path = typeof entry === 'string' && !/^\s*\{|\n/.test(entry) ? entry : textAt(entry, 'path')
    const inline = typeof entry === 'string' ? entry : textAt(entry, 'patch')
    const target = patchTarget(valueAt(entry, 'target'))
    const keepsFormerId = true
    if (path === undefined) return inline ? [{ by, target, text: () => inline, keepsFormerId }] : []
    const { file, text } = fileOf(path)
    return [{ by: file, target, text, keepsFormerId }]
  })
}

/** As `patchesIn`, the patches of `patchesJson6902` (PatchJson6902Transformer.go of kustomize v0.21.1 stores no former id). */
export function jsonPatchesIn(...entries: Parameters<typeof patchesIn>): Patch[] {
  return patchesIn(...entries).map((patch) => ({ ...patch, keepsFormerId: false }))
}

/**
 * An object as a patch leaves it.
 * @returns the same object where the patch is not for it, would delete it, or cannot be applied (kustomize then fails)
 */
export function patched(object: Mapping, { target, text, keepsFormerId }: Patch): Mapping {
  if (target && !isTarget(object, target)) return object
  const patches = parsed(text())
  const [first] = patches
  // of several lists kustomize reads the first
  if (Array.isArray(first))
    return target ? withOperations(keepsFormerId ? withFormerId(object) : object, first) : object
  if (!patches.every(isMergePatch) || (target && patches.length > 1)) return object
  return patches.filter((patch) => target || isSameObject(object, patch)).reduce(merged, object)
}

const cache = new Map<string, unknown[]>()

function parsed(text: string): unknown[] {
  const known = cache.get(text)
  if (known) return known
  const values = isRefusedList(text)
    ? ['']
    : parseDocuments(text).flatMap(({ value }) => (value === null ? [] : [value]))
  cache.set(text, values)
  return values
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
