import type { KeyController } from '../../../diagnosis/keys/key-controller.ts'
import type { HeldKeys } from '../../../diagnosis/keys/read-keys.ts'
import type { Finding } from '../../../findings/finding.ts'
import type { KeySecretId } from '../../../findings/key-secret.ts'
import type { DecryptedFile, NotSeen } from '../../../lib/applied/decrypted-files.ts'
import type { Kept } from '../../../lib/applied/kept.ts'
import type { FluxSource, GitRepository, Kustomization } from '../../../lib/cluster/flux-objects.ts'
import type { Cluster } from '../../../lib/cluster/kubectl.ts'

/** A key Secret of a cluster, in use or called like one that is, or the origin of one of these. */
export interface RotatedSecret {
  id: KeySecretId
  /** What it holds, judged line by line as the controller does; `undefined` where it is not there. Secret. */
  held: HeldKeys | undefined
  /** The Kustomizations that decrypt with it, `namespace/name`. */
  users: readonly string[]
  /** Who would put it back, and where it is changed instead; `undefined` where nobody is known to. */
  kept: Kept | undefined
  /** The Secret that it is a copy of, `namespace/name`, where that is there: only that one is written. */
  origin: string | undefined
}

/** A Kustomization that decrypts. */
export interface KeyUser {
  /** `namespace/name` */
  id: string
  kustomization: Kustomization
  source: FluxSource | undefined
  /** `namespace/name` of the Secret that it decrypts with; empty where it has none, and `undefined` where that cannot be seen. */
  secret: string | undefined
  /** The commit that it has tried last; `undefined` for a suspended one, which takes what its source has when it is resumed. */
  attempted: string | undefined
  /** The commit that it finds in its source. */
  due: string | undefined
  /** The files that it builds and decrypts at these two. */
  files: readonly DecryptedFile[]
  /** What is not known of them. */
  notSeen: readonly NotSeen[]
}

/** Ciphertext in the cluster that Flux has applied as it was. */
export interface AppliedCiphertext {
  finding: Finding
  /** The Kustomizations that have, `namespace/name`. */
  by: readonly string[]
}

/** What of a cluster a rotation depends on, at one moment. */
export interface ClusterState {
  /** The name of its context. */
  context: string
  /** By `namespace/name`. */
  secrets: ReadonlyMap<string, RotatedSecret>
  users: readonly KeyUser[]
  ciphertext: readonly AppliedCiphertext[]
  /** What could not be read, which is never nothing: `ingresses`. */
  notRead: readonly string[]
  /** What is only to be known of how it was read. */
  notes: readonly Finding[]
}

/** The same with the connection to it. */
export interface RotationCluster extends ClusterState {
  cluster: Cluster
  /** What reads the keys; `undefined` where no Deployment of it was seen. */
  controller: KeyController | undefined
  /** All Kustomizations, also those that decrypt nothing. */
  kustomizations: readonly Kustomization[]
  sources: readonly GitRepository[]
  /** @returns the state with Kustomizations and sources as they are by now; what was read of commits is not read again */
  at(kustomizations: readonly Kustomization[], sources: readonly GitRepository[]): Promise<RotationCluster>
  /** @returns all of it as it is now, the Secrets as well */
  again(): Promise<RotationCluster>
}
