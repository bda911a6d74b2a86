/** What of the metadata of an object the tasks read. */
export interface ObjectMeta {
  name: string
  namespace?: string
  uid?: string
  resourceVersion?: string
  generation?: number
  deletionTimestamp?: string
  finalizers?: string[]
  labels?: Record<string, string>
  annotations?: Record<string, string>
  managedFields?: ManagedFields[]
  ownerReferences?: OwnerReference[]
}

/** An object that this one goes with; `controller`: which also manages it. */
export interface OwnerReference {
  kind: string
  name: string
  controller?: boolean
}

/** Who owns which fields of an object (https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management). */
export interface ManagedFields {
  manager: string
  operation: 'Apply' | 'Update'
  /** RFC 3339, whole seconds. */
  time?: string
  fieldsV1?: Record<string, unknown>
}

/** An object of a cluster. */
export interface KubeObject {
  apiVersion: string
  kind: string
  metadata: ObjectMeta
}

/** A Secret as the API server gives it. */
export interface Secret extends KubeObject {
  type?: string
  immutable?: boolean
  /** base64, a secret */
  data?: Record<string, string>
}

/** A ConfigMap as the API server gives it. */
export interface ConfigMap extends KubeObject {
  data?: Record<string, string>
  /** base64 */
  binaryData?: Record<string, string>
}

/** The answer to a list; a watch can start at its `resourceVersion`. */
export interface List<T> {
  metadata: { resourceVersion: string }
  items: T[]
}

/** What a watch tells of one object. */
export interface WatchEvent<T> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED'
  object: T
}
