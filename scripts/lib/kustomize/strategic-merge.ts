import { isMapping, type Mapping, valueAt } from '../yaml/values.ts'

/** Whether a value is a strategic merge patch. kustomize refuses one without a kind or a name, also where a target makes them useless. */
export function isMergePatch(patch: unknown): patch is Mapping {
  return isMapping(patch) && Boolean(valueAt(patch, 'kind') && valueAt(patch, 'metadata', 'name'))
}

/**
 * An object as a strategic merge patch leaves it. Lists are replaced, as kustomize does for objects whose schema it does not
 * know (kyaml/yaml/merge2 of v0.21.1).
 * @returns the same object where kustomize refuses the patch, or the patch would delete it
 */
export function merged(object: Mapping, patch: Mapping): Mapping {
  // `replace` of a whole object does nothing
  if (!fits(object, patch) || (patch.$patch ?? 'merge') !== 'merge') return object
  const { apiVersion, kind, metadata } = object
  const result = merge(object, patch) as Mapping
  // what identifies an object stays
  const identity = { name: valueAt(metadata, 'name'), namespace: valueAt(metadata, 'namespace') }
  return { ...result, apiVersion, kind, metadata: withDefined(result.metadata, identity) }
}

function withDefined(metadata: unknown, identity: Mapping): Mapping {
  const result: Mapping = { ...(isMapping(metadata) && metadata) }
  for (const [key, value] of Object.entries(identity)) {
    if (value === undefined) delete result[key]
    else result[key] = value
  }
  return result
}

/** Whether kustomize merges a patch: all that it changes must be of the kind that it is. */
function fits(value: unknown, patch: unknown): boolean {
  if (value === undefined || value === null || patch === null) return true
  if (isMapping(value) !== isMapping(patch) || Array.isArray(value) !== Array.isArray(patch)) return false
  if (!isMapping(patch) || patch.$patch === 'replace' || patch.$patch === 'delete') return true
  if (![undefined, 'merge'].includes(patch.$patch as string)) return false
  return Object.entries(patch).every(([key, change]) => fits(valueAt(value, key), change))
}

/** JSON merge patch (RFC 7386), with the `$patch` of strategic merge. */
function merge(value: unknown, patch: unknown): unknown {
  if (!isMapping(patch)) return patch
  const result: Mapping = { ...(isMapping(value) && patch.$patch !== 'replace' && value) }
  for (const [key, change] of Object.entries(patch)) {
    if (key === '$patch') continue
    if (change === null || valueAt(change, '$patch') === 'delete') delete result[key]
    else result[key] = merge(result[key], change)
  }
  return result
}
