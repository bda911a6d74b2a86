import type { NotDone } from '../checks/marks.ts'
import type { RunFacts } from '../run-id.ts'
import type { CauseCode } from './causes.ts'

/** What people read of a finding, also in the JSON document. */
export interface Words {
  message: string
  /** What to do about it. */
  fix: string
}

/** The words for what `sops:verify` finds by itself. */
export type WordsTable = { readonly [Code in keyof OwnFacts]: (facts: OwnFacts[Code]) => Words }

/** What a controller says in a condition, on one line and redacted. */
export interface Said {
  reason: string
  message: string
}

/** How a Kustomization comes to build what is in the path of another one. */
export type TakesIn =
  /** It has the same path. */
  | 'same-path'
  /** Its path has no kustomization file, so that it builds all that is below it. */
  | 'no-kustomization-file'
  /** Its kustomization file includes it, directly or through others. */
  | 'includes'
  /** What it builds cannot all be seen in the files. */
  | 'not-followed'

/** What somebody has written into the test Secret besides the value that was encrypted. */
export type Wrong = 'ciphertext' | 'value'

/** The object says all that there is to say. */
type NoFacts = Record<string, never>

/** Of the test Secret at the end of a run that could not see it go. */
export interface LeftFacts {
  secret: { namespace: string; name: string }
  kustomization: { namespace: string; name: string }
  /** How the branch is called. */
  branch: string
  /** After which Flux looks by itself; `undefined` where the objects do not say it. */
  intervals: { kustomization: string | undefined; source: string | undefined }
  /** Whether it was seen in the cluster. */
  isThere: boolean
  /** Whether the Kustomization has applied the branch without it. */
  isApplied: boolean
  finalizers: string[]
  /** What keeps Flux from it, or us from seeing it. */
  why: string | undefined
}

/** Why a source has not fetched a commit. */
export interface NotFetched {
  /**
   * `not-told`: it could not be told to fetch; `silent`: its controller has not answered; `fetching`: it is at it; `elsewhere`: it
   * has fetched, and what it got lacks the commit.
   */
  why: 'not-told' | 'silent' | 'fetching' | 'elsewhere'
  namespace: string
  interval: string | undefined
  revision: string | undefined
  /** Without credentials. */
  url: string
}

/**
 * What `sops:verify` finds by itself: each code with its facts. A code is for programs, so it stays the same when the words
 * change. No fact holds a secret.
 */
export interface OwnFacts {
  // the Kustomization and its source
  /** `others`: those that there are, `namespace/name`. */
  'kustomization-missing': { others: string[] }
  /** `candidates`: those that could be verified, `namespace/name`. */
  'kustomization-unclear': { candidates: string[] }
  /** `missing`: the dependency, `namespace/name`. */
  dependency: { missing: string }
  /** `isMeanwhile`: it was not suspended when the run began. */
  suspended: { kind: string; namespace: string; name: string; isMeanwhile: boolean }
  'source-kind': { kind: string }
  'source-missing': NoFacts
  'source-not-a-branch': NoFacts
  /** `says`: `undefined` where the source has no condition yet. */
  'no-artifact': { says: Said | undefined }
  'remote-cluster': NoFacts
  'no-prune': NoFacts
  /** `isRoot`: no other Kustomization applies it, and `flux bootstrap` or a FluxInstance has made it. */
  'no-decryption': { isRoot: boolean }

  // the key in the cluster
  'controller-key': NoFacts
  'other-key': NoFacts
  'key-secret-missing': { namespace: string }
  'key-secret-unreadable': NoFacts
  /** `dataKeys`: those that the Secret has. */
  'no-agekey': { dataKeys: string[] }
  /** `reason`: what is wrong with which line; `undefined` where there is no identity in any line. */
  'key-unusable': { reason: string | undefined }
  /** Recipients of age. */
  'wrong-key': { inCluster: string[]; ofFile: string[]; rule: string }

  /** `needed` of the `groups` of keys, of which the cluster can open `opened`. */
  'key-groups': { needed: number; opened: number; groups: number; rule: string }

  // what Flux makes of the path
  /** `file`: relative to the root; `by`: what says so, `undefined` where Flux does it by itself. */
  'left-out': { file: string; pattern: string | undefined; by: string | undefined }
  'taken-out': NoFacts
  /** `mark`: a label or an annotation with its value; `what`: what Flux does not do because of it. */
  marked: { mark: string; what: NotDone }
  /** `isTarget`: whether `spec.targetNamespace` of the Kustomization names it. */
  'namespace-missing': { kustomization: string; isTarget: boolean }

  // the branch
  /** `url` and `remote` without credentials. */
  'other-repository': { commit: string; url: string; remote: string }
  /** Where git pushes to (`isPush`) or fetches from: `other`. `source`: `namespace/name`, which follows `url`. No credentials. */
  'other-remote': { isPush: boolean; other: string; source: string; url: string }
  'name-taken': NoFacts
  'test-secret-there': NoFacts
  'already-running': RunFacts
  'removed-by-others': NoFacts
  /** `says`: what git, a hook or the server said. */
  'protected-branch': { says: string }
  'no-push-right': { says: string }
  'push-refused': { says: string }
  'push-broken-off': { says: string }
  /** Other commits came first, each time. */
  'branch-busy': { says: string }
  /** `reason`: why the removal failed. */
  'not-cleaned-up': { reason: string }

  'left-in-cluster': LeftFacts
  'cluster-unknown': LeftFacts

  // the test Secret in the cluster
  'secret-taken': NoFacts
  /** `kustomizationNamespace`: that of the Kustomization, where the key is. */
  'secret-unreadable': { namespace: string; kustomizationNamespace: string }
  /** `kustomization`: which has applied the commit, `namespace/name`. */
  'secret-absent': { kustomization: string; isListed: boolean }
  /** `owner`: the name of the Kustomization that has applied it, where the Secret says so. */
  ciphertext: { owner: string | undefined }
  value: NoFacts
  /**
   * `kustomization`: the one that is verified; `owners`: the others that have applied the Secret too (`decrypts`, `takesIn` and
   * `directory` are `undefined` where that is not known); `wrong`: what was in it besides the right value; `writer`: who wrote that.
   */
  'second-owner': {
    kustomization: string
    owners: {
      id: string
      decrypts: boolean | undefined
      takesIn: TakesIn | undefined
      directory: string | undefined
    }[]
    wrong: Wrong | undefined
    writer: string | undefined
  }
  'namespaces-unseen': NoFacts
  /** `last`: what it says of itself; `undefined` where it is suspended. */
  'other-silent': { last: ConditionFinding | undefined }
  /** `listedBy`: the Kustomization that still lists it, `namespace/name`; `undefined` where the Secret itself is still there. */
  'not-pruned': {
    namespace: string
    name: string
    listedBy: string | undefined
    finalizers: string[]
    /** Whether it is marked so that Flux does not prune it. */
    isKept: boolean
  }

  // on the way
  source: { says: Said }
  slow: NoFacts
  /** `kustomization`: the one that is verified, while another one was waited for. */
  timeout:
    | { waitedFor: 'watch' }
    | { waitedFor: 'checks' }
    | ({ waitedFor: 'source' } & NotFetched)
    | { waitedFor: 'apply'; last: ConditionFinding }
    | { waitedFor: 'other'; kustomization: string }
  interrupted: { message: string; hint: string | undefined }
  'not-checked': { message: string; hint: string | undefined }
}

/** Why a push did not reach the branch. */
export type PushCode =
  | 'protected-branch'
  | 'no-push-right'
  | 'push-refused'
  | 'push-broken-off'
  | 'branch-busy'

/** Something that `sops:verify` finds by itself. */
type OwnFinding = {
  [Code in keyof OwnFacts]: { code: Code; object: string; facts: OwnFacts[Code] }
}[keyof OwnFacts]

/** When a Kustomization says that it is not ready: `before` anything was pushed, or behind a commit that it has `applied` or not. */
export type ConditionState = 'before' | 'failed' | 'applied'

/** What a Kustomization says of itself, with the code of the likely cause. */
export interface ConditionFinding {
  /** `not-ready`: of no cause that is known here. */
  code: CauseCode | 'not-ready' | 'no-status'
  object: string
  facts: {
    namespace: string
    name: string
    /** `undefined` where it has no condition. */
    says: Said | undefined
    state: ConditionState
    /** The Secret that `spec.decryption.secretRef` names; `undefined`: the controller decrypts with a key of its own, if any. */
    keySecret: string | undefined
  }
}

/** Something that `sops:verify` found. `object` is what it is about: `kustomization flux-system/infrastructure`. */
export type RunFinding = OwnFinding | ConditionFinding
