import type { Caller } from '../../lib/caller.ts'
import { parseDuration } from '../../lib/duration.ts'
import { UserError } from '../../lib/errors.ts'

/** The stages of a rotation, in their order. */
export const rotationStages = ['share', 'distribute', 'prove', 'cut-over', 'retire'] as const

/** A stage of a rotation. */
export type RotationStage = (typeof rotationStages)[number]

/** The ways to prove that a cluster decrypts what is encrypted to the new recipient alone. */
export const proofs = ['verify', 'canary', 'read'] as const

/** How the value is proved. */
export type ProofKind = (typeof proofs)[number]

/** What the user wants of `sops:rotate`, as it was given. */
export interface RotateTaskOptions {
  /** Files and directories, as they were typed; none: all. */
  paths: string[]
  old: string | undefined
  /** The recipient that comes, whose identity is at hand. */
  next: string | undefined
  newKey: string | undefined
  keyFile: string | undefined
  pq: boolean
  store: string | undefined
  remove: boolean
  contexts: string[]
  noCluster: boolean
  to: string | undefined
  proof: string
  kustomization: string | undefined
  remote: string
  timeout: string
  commit: boolean
  dryRun: boolean
  status: boolean
  compromised: boolean
  rewrap: boolean
  checked: string[]
  abort: boolean
  caller: Caller
}

/** The same, understood. */
export interface RotateOptions extends Omit<RotateTaskOptions, 'to' | 'proof' | 'timeout'> {
  /** The last stage that may be done. */
  to: RotationStage
  proof: ProofKind
  /** How long a cluster may take for each stage, in ms. */
  timeout: number
}

/** @throws UserError for a word that is none of those that are known, and for options that do not fit */
export function readRotateOptions(given: RotateTaskOptions): RotateOptions {
  if (given.remove && given.old === undefined)
    throw new UserError('--remove needs --old', { hint: 'name the public key that goes: --old age1…' })
  if (given.next !== undefined && !/^age1[a-z0-9]{50,}$/.test(given.next))
    throw new UserError('--next is no public key of age', { hint: 'it begins with age1' })
  if (given.next !== undefined && given.next === given.old)
    throw new UserError('--next and --old are the same public key', { hint: 'name the one that comes' })
  return {
    ...given,
    to: given.to === undefined ? 'retire' : oneOf(rotationStages, given.to, 'stage', '--to'),
    proof: oneOf(proofs, given.proof, 'proof', '--proof'),
    timeout: parseDuration(given.timeout, 'timeout'),
  }
}

function oneOf<const T extends string>(known: readonly T[], given: string, what: string, flag: string): T {
  const found = known.find((one) => one === given)
  if (found !== undefined) return found
  throw new UserError(`there is no ${what} ${given}`, { hint: `${flag} takes ${known.join(', ')}` })
}
