import type { Finding } from '../../../findings/finding.ts'
import type { KeyUser } from './state.ts'

/** What is known besides the cluster. */
export interface JudgeOptions {
  /** The Kustomizations that somebody has looked at by hand, by `namespace/name` or by name. */
  checked: readonly string[]
  /** The tip of the branch that Flux follows: a source that is behind it only needs time. */
  tip?: { branch: string; commit: string } | undefined
}

/** Something that has to hold before a stage. */
export interface RotationProof {
  proof: 'P2' | 'P3' | 'P5'
  holds: boolean
  /** Why it does not hold; notes where it does. */
  findings: Finding[]
  /** Only time is needed. */
  isWaiting: boolean
}

/** @param waiting how many of the findings only need time @param notes what is only to be known */
export function proofOf(
  proof: RotationProof['proof'],
  findings: readonly Finding[],
  waiting: number,
  notes: readonly Finding[] = [],
): RotationProof {
  const holds = findings.length === 0
  return {
    proof,
    holds,
    findings: [...findings, ...notes],
    isWaiting: !holds && waiting === findings.length,
  }
}

/** Whether somebody has looked at a Kustomization by hand. */
export function isChecked({ id, kustomization }: KeyUser, { checked }: JudgeOptions): boolean {
  return checked.includes(id) || checked.includes(kustomization.metadata.name)
}
