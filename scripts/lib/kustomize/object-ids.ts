import { type Mapping, textAt } from '../yaml/values.ts'

/** What kustomize tells an object by, beside its kind. No namespace means `default`. */
export interface ObjectId {
  name: string
  namespace: string
}

/** Where an object keeps the ids that it had before in the same build. */
const former = Symbol('former ids')

/** The name and namespace that an object has, or that a patch gives as those of its object. */
export function objectIdOf(object: Mapping): ObjectId {
  const text = (key: keyof ObjectId) => textAt(object, 'metadata', key)
  return { name: text('name') ?? '', namespace: text('namespace') ?? 'default' }
}

/**
 * The ids that an object has had in a build, from that of its file to the one that it has now. For kustomize the former ones
 * still name it (api/resource/resource.go of v0.21.1: OrgId, PrevIds, CurId).
 */
export function objectIdsOf(object: Mapping & { [former]?: readonly ObjectId[] }): [ObjectId, ...ObjectId[]] {
  const [first, ...rest] = object[former] ?? []
  const id = objectIdOf(object)
  return first ? [first, ...rest, id] : [id]
}

/** For an object before its name or namespace changes: a copy that remembers its present id, so that later patches still select it. */
export function withFormerId(object: Mapping): Mapping {
  return Object.assign({ ...object }, { [former]: objectIdsOf(object) })
}
