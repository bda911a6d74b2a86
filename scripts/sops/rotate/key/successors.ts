import { realpathSync } from 'node:fs'
import { type Finding, finding } from '../../../findings/finding.ts'
import type { Repository } from '../../../lib/git/git.ts'
import { pathBelow } from '../../../lib/paths.ts'
import type { Identity } from '../../../lib/sops/age.ts'
import { isPostQuantum, listRecipients, shortRecipient } from '../../../lib/sops/recipients.ts'
import { keyPlaceOf } from '../../new-key/key-place.ts'
import { filePlaceOf, identityIn, type KeyRing, type RingPlace } from './ring.ts'

/** What tells the identities that were made for a rotation. */
export interface SuccessorWishes {
  ring: KeyRing
  /** The recipient that goes. */
  old: string
  /** The recipients that files, rules or clusters have. */
  used: ReadonlySet<string>
  /** A post-quantum one is wanted. */
  pq: boolean
  repository: Repository
}

/** An identity, and a place that it is in. */
export interface PlacedIdentity {
  identity: Identity
  place: Pick<RingPlace, 'source' | 'file'>
}

/**
 * The identities at hand that were made to take the place of the old one, and that nothing is encrypted to yet: the last one whose
 * comment says so; else those in its key file that are younger, where that file is in this repository. What was made before the old
 * one, or for another repository, is none: a key file also keeps the keys of earlier rotations.
 */
export function successorsIn({ ring, old, used, pq, repository }: SuccessorWishes): PlacedIdentity[] {
  const free = ring.identities.filter(
    (identity) =>
      identity.recipient !== old && !used.has(identity.recipient) && isPostQuantum(identity.recipient) === pq,
  )
  const made = free.flatMap((identity) => {
    const place = identity.places.find(({ comment }) => comment.replaces === old)
    return place ? [{ identity, place }] : []
  })
  const own = identityIn(ring, old)
  const file = own && filePlaceOf(own)
  if (made.length > 0 || !file || pathBelow(repository.root, realpathSync(file.file)) === undefined)
    return made.slice(-1)
  return free.flatMap((identity) => {
    const place = identity.places.find((one) => one.file === file.file)
    return place && isLater(place, file) ? [{ identity, place }] : []
  })
}

function isLater({ comment: { created } }: RingPlace, old: RingPlace): boolean {
  return created !== undefined && old.comment.created !== undefined && created > old.comment.created
}

/** The only one of several, or why none may be taken. @param root of the repository */
export function onlyOne(
  found: readonly PlacedIdentity[],
  { old, place, root }: { old: string; place: Pick<RingPlace, 'file'>; root: string },
): PlacedIdentity | { refusals: Finding[] } {
  const [first, ...others] = found
  if (first && others.length === 0) return first
  const recipients = found.map(({ identity }) => identity.recipient)
  const facts = {
    found: first ? `several identities (${listRecipients(recipients)})` : 'no identity',
    old: shortRecipient(old),
  }
  return { refusals: [finding('new-key-unclear', keyPlaceOf(place.file, root), facts)] }
}
