import type { RotationStage } from './options.ts'

/** How many files and rules of one place are in which state. */
export interface PlaceCounts {
  /** Files and rules that name the old recipient without the new one. */
  oldOnly: number
  /** Those that name both. */
  both: number
  /** Those that name the new one alone. */
  newOnly: number
  /** Of these, the files that still have a data key which the old identity could read. */
  reWrapped: number
}

/** How many key Secrets hold which identity. */
export interface HeldCounts {
  old: number
  both: number
  new: number
}

/** What decides what comes next. */
export interface Standing {
  /** Only files below some paths are meant. */
  isLimited: boolean
  tree: PlaceCounts
  head: PlaceCounts
  /** The tip of the branch that Flux follows; `undefined` where there is none, or it is not known. */
  tip: PlaceCounts | undefined
  /** HEAD has no branch at the remote yet, so that nothing of it is known to be merged. */
  isUnpublished: boolean
  /** The branch has commits that are not in HEAD. */
  isBehind: boolean
  /** How many key Secrets that are written in the clusters hold which identity; `undefined` for a key that no cluster has. */
  clusters: HeldCounts | undefined
  /** How many key Secrets in the clusters still hold the old identity, that Flux applies from git. */
  applied: number
  /** How many Kustomizations decrypt with a Secret that does not open their files, or with a key that is not seen. */
  unproved: number
  /** How many copies of key Secrets still hold the old identity, which is gone from what they are copies of. */
  lateCopies: number
  /** The key Secrets in git: how many hold the old identity alone, or both, and how far their files have come. */
  inGit: { lacking: number; both: number; isUncommitted: boolean; isUnpushed: boolean }
}

/** How far the files have come in a stage. */
type Reach = 'todo' | 'uncommitted' | 'unpushed' | 'done'

/** What a run does next. */
export type RotationStep =
  /** The branch that Flux follows has to be merged first. */
  | 'pull'
  | 'share'
  | 'distribute'
  /** People have to commit, or to push, what was written. `of`: the stage. */
  | 'commit'
  | 'push'
  | 'cut-over'
  | 'retire'
  | 'retire-in-git'
  /** Flux has to apply a key Secret that was pushed, or a tool to copy one. */
  | 'wait'
  /** What is left is of other files than those that are meant. */
  | 'rest'
  | 'done'

/** @returns how far the files have come until each lists the new recipient beside the old one */
export function reachOfShare(standing: Standing): Reach {
  return reachOf(standing, ({ oldOnly }) => oldOnly === 0, standing.inGit.lacking === 0)
}

/** @returns how far they have come until none lists the old one, and none has a data key that it could read */
export function reachOfCutOver(standing: Standing): Reach {
  return reachOf(standing, ({ oldOnly, both, reWrapped }) => oldOnly + both + reWrapped === 0, true)
}

function reachOf(
  { tree, head, tip, isUnpublished }: Standing,
  isDone: (counts: PlaceCounts) => boolean,
  isWritten: boolean,
): Reach {
  if (!isDone(tree) || !isWritten) return 'todo'
  if (!isDone(head)) return 'uncommitted'
  return isUnpublished || (tip && !isDone(tip)) ? 'unpushed' : 'done'
}

/** Decides what comes next, from what is there alone. */
export function nextStep(standing: Standing): { step: RotationStep; of: RotationStage } {
  const { clusters, isBehind, inGit, isLimited } = standing
  const share = reachOfShare(standing)
  const cutOver = reachOfCutOver(standing)
  // a branch that was merged meanwhile may bring files that are not here
  if (isBehind && (share !== 'done' || cutOver !== 'done')) return { step: 'pull', of: 'share' }
  if (share === 'todo') return { step: 'share', of: 'share' }
  if (clusters && clusters.old > 0) return { step: 'distribute', of: 'distribute' }
  if (share !== 'done') return { step: share === 'unpushed' ? 'push' : 'commit', of: 'share' }
  if (cutOver === 'todo') return { step: 'cut-over', of: 'cut-over' }
  if (cutOver !== 'done') return { step: cutOver === 'unpushed' ? 'push' : 'commit', of: 'cut-over' }
  if (isLimited) return { step: 'rest', of: 'cut-over' }
  if (inGit.both > 0) return { step: 'retire-in-git', of: 'retire' }
  if (inGit.isUncommitted) return { step: 'commit', of: 'retire' }
  if (inGit.isUnpushed) return { step: 'push', of: 'retire' }
  if (standing.applied > 0) return { step: 'wait', of: 'retire' }
  // what is not proved keeps it from its end
  if ((clusters && clusters.both > 0) || standing.unproved > 0) return { step: 'retire', of: 'retire' }
  if (standing.lateCopies > 0) return { step: 'wait', of: 'retire' }
  return { step: 'done', of: 'retire' }
}
