import type { NotBuilt } from '../../lib/applied/seen-builds.ts'

/**
 * How an object in the cluster compares with what the applied revision holds of it.
 * - `same`: each value that is encrypted in the repository is in it
 * - `different`: another value is in it, or none (`keys`)
 * - `ciphertext`: a value that Flux has not decrypted is in it (`keys`)
 * - `missing`: it is in the inventory and not in the cluster
 * - `not readable`: it could not be compared (`why`)
 */
export type CompareStatus = 'same' | 'different' | 'ciphertext' | 'missing' | 'not readable'

/** Why an object could not be compared. */
export type Unreadable =
  /** The user may not list objects of its kind. */
  | { code: 'forbidden'; plural: string }
  /** It is in a namespace that was not looked into. */
  | { code: 'not-looked-into'; namespace: string }
  /** It is in another cluster (`spec.kubeConfig`). */
  | { code: 'other-cluster' }
  /** No identity at hand is a recipient of the file. */
  | { code: 'no-identity' }
  /** The reader leaves the file to sops, for keys that are not of age for example. */
  | { code: 'needs-sops' }
  /** Flux can't decrypt it either; `fault` is a code of the reader. */
  | { code: 'does-not-decrypt'; fault: string }
  /** It is not certain which object in the cluster it is, or what Flux makes of a value; `what` says the reason. */
  | { code: 'not-followed'; what: string }
  /** The Kustomization has another spec, or has tried another revision since. */
  | { code: 'at-work' }

/** A value of an object, by digests that say nothing outside of the run that has made them. */
export interface ComparedValue {
  /** The data key. */
  key: string
  /** Of what the repository holds; `undefined` where that is not known. */
  expected: string | undefined
  /** Of what the cluster has; `undefined` where it has no such key. */
  live: string | undefined
}

/** An object in the cluster beside what the applied revision of its Kustomization holds of it. It holds no value. */
export interface ComparedObject {
  /** `namespace/name` */
  kustomization: string
  /** That it has applied. */
  commit: string
  /** Those that declare it, relative to the root of the repository. */
  files: readonly string[]
  kind: string
  /** `undefined` where it is not known. */
  namespace: string | undefined
  name: string
  status: CompareStatus
  /** The data keys that are why it is `different` or `ciphertext`. */
  keys: readonly string[]
  why: Unreadable | undefined
  /** As the cluster has it. */
  uid: string | undefined
  resourceVersion: string | undefined
  values: readonly ComparedValue[]
}

/** What came of comparing a cluster with its repository. */
export interface Comparison {
  objects: readonly ComparedObject[]
  /** What could not be seen of Kustomizations. */
  notBuilt: readonly NotBuilt[]
  /** Encrypted objects of other kinds, which are not compared. */
  otherKinds: readonly string[]
}
