import { isMapping, type Mapping, textAt, valueAt } from '../yaml/values.ts'
import { type ObjectId, objectIdOf, objectIdsOf } from './object-ids.ts'
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

/** Reads the `target` of a patch. @returns `undefined` where there is none: the patch names its object itself */
export function patchTarget(value: unknown): PatchTarget | undefined {
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
 * Drops each pattern that Go, in which kustomize is written, and JavaScript read differently, so that the target selects more.
 * @returns the same object where nothing was dropped
 */
export function portablePart(target: PatchTarget): PatchTarget {
  const patterns = ['group', 'version', 'kind', 'name', 'namespace'] as const
  const others = patterns.filter((key) => readDifferently.test((target[key] ?? '').replace(ignoringCase, '')))
  if (others.length === 0) return target
  return { ...target, ...Object.fromEntries(others.map((key) => [key, undefined])) }
}

/** Flags, named groups and lookarounds; classes and escapes that only one of the two languages has. */
const readDifferently = /\(\?(?!:)|\[\[:|\\[pPQEAzCk1-9]/

/** `(?i)` in front of a pattern, the one flag that is translated. */
const ignoringCase = /^\(\?i\)/

/** Whether a target selects an object: by the id of its file or the one that it has now (Select in api/resmap/reswrangler.go of v0.21.1). */
export function isTarget(object: Mapping, target: PatchTarget): boolean {
  const [group, version] = groupOf(object)
  const matches = (pattern: string | undefined, text: string) =>
    pattern === undefined || anchored(pattern).test(text)
  const selected = (selector: string | undefined, key: string) =>
    selector === undefined || selects(selector, textsAt(object, 'metadata', key))
  const original = objectIdsOf(object)[0]
  const current = objectIdOf(object)
  const isCalled = (key: keyof ObjectId) => [original, current].some((id) => matches(target[key], id[key]))
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

/** Whether a patch without a target names an object, by any id that the object has had. */
export function isSameObject(object: Mapping, patch: Mapping): boolean {
  const { name, namespace } = objectIdOf(patch)
  return (
    object.apiVersion === patch.apiVersion &&
    object.kind === patch.kind &&
    objectIdsOf(object).some((id) => id.name === name && id.namespace === namespace)
  )
}

function groupOf(object: Mapping): [group: string, version: string] {
  const apiVersion = textAt(object, 'apiVersion') ?? ''
  const slash = apiVersion.indexOf('/')
  return slash < 0 ? ['', apiVersion] : [apiVersion.slice(0, slash), apiVersion.slice(slash + 1)]
}

const compiled = new Map<string, RegExp>()

/** kustomize anchors the patterns of a target (api/types/selector.go of v0.21.1); one that is no pattern matches nothing. */
function anchored(pattern: string): RegExp {
  const known = compiled.get(pattern) ?? compile(pattern)
  compiled.set(pattern, known)
  return known
}

function compile(pattern: string): RegExp {
  const flags = ignoringCase.test(pattern) ? 'i' : ''
  try {
    return new RegExp(`^(?:${pattern.replace(ignoringCase, '')})$`, flags)
  } catch {
    return /(?!)/
  }
}

function textsAt(object: Mapping, ...path: string[]): Record<string, string> {
  const found = valueAt(object, ...path)
  const entries = isMapping(found) ? Object.entries(found) : []
  return Object.fromEntries(entries.map(([key, value]) => [key, String(value)]))
}
