import type { Repository } from '../../../lib/git/git.ts'
import type { Rotation } from '../rotation.ts'
import type { Places } from './places.ts'

/** What is known before anything is derived. */
export interface DeriveInput {
  places: Places
  repository: Repository
  /** The recipients of the identities in each key Secret that the clusters use; `undefined`: no cluster is asked. */
  keySecrets: readonly (readonly string[])[] | undefined
  /** The recipients of the identities in all Secrets that are read, also in those that no cluster uses. */
  heldBeside?: readonly string[]
  /** The recipients of the identities at hand. */
  atHand: readonly string[]
  /** The recipients at hand that were made to take the place of another one, by which one: as their key file says. */
  successors?: ReadonlyMap<string, string>
  /** The recipient that the user says goes. */
  old: string | undefined
  /** The recipient that the user says comes. */
  next: string | undefined
}

/** What is known when the recipients were looked at. */
export interface Known extends DeriveInput {
  /** Every recipient that a file lists, or a rule names, at any place. */
  named: ReadonlySet<string>
  /** Those that are named or in a key Secret. */
  inUse: ReadonlySet<string>
  /** The recipients that are named, of the identities in the key Secrets; without a cluster of those at hand. */
  candidates: readonly string[]
  /** The rotations that commits tell of, the newest first. */
  trailers: readonly Rotation[]
}
