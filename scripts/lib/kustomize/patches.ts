import { applyPatch, type Operation, Pointer } from 'rfc6902'
import { parseDocuments } from '../yaml/documents.ts'
import { isMapping, type Mapping, textAt, valueAt } from '../yaml/values.ts'
import { selects } from './selector.ts'

/** Which objects a patch is for. Names, namespaces, kinds and the like are regular expressions. */
export interface PatchTarget {
  group: string | undefined
  version: string | undefined
  kind: string | undefined
  name: string | undefined
  namespace: string | undefined
  labelSelector: string | undefined
  annotationSelector: string | undefined
}

/** A patch as a kustomization or a Flux Kustomization has it. */
export interface Patch {
  /** The file that holds its text, relative to the root of the repository. */
  by: string
  /** `undefined`: the objects that it names itself. */
  target: PatchTarget | undefined
  /** A strategic merge patch, or a list of JSON6902 operations; YAML or JSON. Empty where its file can't be read. */
  text(): string
}

/** What an object is called. */
interface Id {
  name: string
  namespace: string
}

/** Where an object keeps what it was called before in the same build: for kustomize these stay names of it. */
const former = Symbol('former ids')

/**
 * The patches of `patches`, `patchesStrategicMerge` or `patchesJson6902`.
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
    const target = targetOf(valueAt(entry, 'target'))
    if (path === undefined) return inline ? [{ by, target, text: () => inline }] : []
    const { file, text } = fileOf(path)
    return [{ by: file, target, text }]
  })
}

function targetOf(value: unknown): PatchTarget | undefined {
  if (!isMapping(value)) return undefined
  const text = (key: keyof PatchTarget) => textAt(value, key)
  return {
    group: text('group'),
    version: text('version'),
    kind: text('kind'),
    name: text('name'),
    namespace: text('namespace'),
    labelSelector: text('labelSelector'),
    annotationSelector: text('annotationSelector'),
  }
}

/**
 * An object as a patch leaves it. Lists are replaced, as kustomize does for objects whose schema it does not know.
 * @returns the same object where the patch is not for it, would delete it, or cannot be applied (kustomize then fails)
 */
export function patched(object: Mapping, { target, text }: Patch): Mapping {
  if (target && !isTarget(object, target)) return object
  const patches = parsed(text())
  const [first] = patches
  // of several lists kustomize reads the first
  if (Array.isArray(first)) return target ? withOperations(object, first) : object
  if (!patches.every(isMergePatch) || (target && patches.length > 1)) return object
  return patches.filter((patch) => target || isSameObject(object, patch)).reduce(merged, object)
}

const cache = new Map<string, unknown[]>()

function parsed(text: string): unknown[] {
  const known = cache.get(text)
  if (known) return known
  const values = parseDocuments(text).flatMap(({ value }) => (value === null ? [] : [value]))
  cache.set(text, values)
  return values
}

/** One without a kind or a name is refused, also where a target makes them useless. */
function isMergePatch(patch: unknown): patch is Mapping {
  return isMapping(patch) && Boolean(valueAt(patch, 'kind') && valueAt(patch, 'metadata', 'name'))
}

function merged(object: Mapping, patch: Mapping): Mapping {
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

function withOperations(object: Mapping, operations: unknown[]): Mapping {
  const copy = { ...remembered(object), ...structuredClone(object) }
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

/** Whether kustomize merges a patch: all that it changes must be of the kind that it is. */
function fits(value: unknown, patch: unknown): boolean {
  if (value === undefined || value === null || patch === null) return true
  if (isMapping(value) !== isMapping(patch) || Array.isArray(value) !== Array.isArray(patch)) return false
  if (!isMapping(patch) || patch.$patch === 'replace' || patch.$patch === 'delete') return true
  if (![undefined, 'merge'].includes(patch.$patch as string)) return false
  return Object.entries(patch).every(([key, change]) => fits(valueAt(value, key), change))
}

/** JSON merge patch (RFC 7386), with the `$patch: delete` of strategic merge. */
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

/** A copy that is still known by its present name and namespace when these change. */
export function remembered(object: Mapping): Mapping {
  return Object.assign({ ...object }, { [former]: idsOf(object) })
}

/** What it is and was called, the first first. */
function idsOf(object: Mapping & { [former]?: readonly Id[] }): Id[] {
  return [...(object[former] ?? []), idOf(object)]
}

function idOf(object: Mapping): Id {
  const text = (key: keyof Id) => textAt(object, 'metadata', key)
  return { name: text('name') ?? '', namespace: text('namespace') ?? 'default' }
}

function isTarget(object: Mapping, target: PatchTarget): boolean {
  const [group, version] = groupOf(object)
  const matches = (pattern: string | undefined, text: string) =>
    pattern === undefined || anchored(pattern).test(text)
  const selected = (selector: string | undefined, key: string) =>
    selector === undefined || selects(selector, textsAt(object, 'metadata', key))
  const ids = idsOf(object)
  const isCalled = (key: keyof Id) => [ids[0]!, ids.at(-1)!].some((id) => matches(target[key], id[key]))
  return (
    matches(target.group, group) &&
    matches(target.version, version) &&
    matches(target.kind, textAt(object, 'kind') ?? '') &&
    isCalled('name') &&
    isCalled('namespace') &&
    selected(target.labelSelector, 'labels') &&
    selected(target.annotationSelector, 'annotations')
  )
}

/** A patch without a target names its object; without a namespace both mean `default`. */
function isSameObject(object: Mapping, patch: Mapping): boolean {
  const { name, namespace } = idOf(patch)
  return (
    object.apiVersion === patch.apiVersion &&
    object.kind === patch.kind &&
    idsOf(object).some((id) => id.name === name && id.namespace === namespace)
  )
}

function groupOf(object: Mapping): [group: string, version: string] {
  const apiVersion = textAt(object, 'apiVersion') ?? ''
  const slash = apiVersion.indexOf('/')
  return slash < 0 ? ['', apiVersion] : [apiVersion.slice(0, slash), apiVersion.slice(slash + 1)]
}

/**
 * kustomize anchors the patterns of a target (api/types/selector.go); one that is no pattern matches nothing. They are
 * those of Go, of which only `(?i)` in front is translated.
 */
function anchored(pattern: string): RegExp {
  try {
    return new RegExp(`^(?:${pattern.replace(/^\(\?i\)(.*)$/s, '(?i:$1)')})$`)
  } catch {
    return /(?!)/
  }
}

function textsAt(object: Mapping, ...path: string[]): Record<string, string> {
  const found = valueAt(object, ...path)
  const entries = isMapping(found) ? Object.entries(found) : []
  return Object.fromEntries(entries.map(([key, value]) => [key, String(value)]))
}
