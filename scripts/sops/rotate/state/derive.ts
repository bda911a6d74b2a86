import { type Finding, finding } from '../../../findings/finding.ts'
import { isShallow } from '../../../lib/git/git-objects.ts'
import { listRecipients, shortRecipient } from '../../../lib/sops/recipients.ts'
import type { Rotation } from '../rotation.ts'
import { findNext, type Next } from './find-next.ts'
import type { DeriveInput, Known } from './known.ts'
import {
  ageOfRecipient,
  areBeside,
  comesBeside,
  hasTakenOver,
  isUncommitted,
  recipientsNamed,
} from './named.ts'
import { eachPlace } from './places.ts'
import { readTrailers } from './trailers.ts'

/** A rotation that was derived. */
export interface DerivedRotation extends Next {
  old: string
  /** What tells which one is the old one: the user, that there is no other, the trailers of a commit, or the order of commits. */
  by: 'flag' | 'only' | 'trailer' | 'history'
  /** The last rotation, of whose old recipient nothing is left, and whose new one is `old`; none where another one has begun with it. */
  ended: Rotation | undefined
}

/** What rotates, or why that can't be told. */
export type Derived = DerivedRotation | { findings: Finding[] }

/**
 * Derives which recipient goes and which one comes from what is there; nothing is remembered.
 * @returns findings where it can't be told
 */
export async function deriveRotation(input: DeriveInput): Promise<Derived> {
  const { places, repository, keySecrets, atHand } = input
  const named = new Set(eachPlace(places).flatMap((place) => [...recipientsNamed(place)]))
  const inSecrets = keySecrets?.flat()
  const candidates = [...new Set(inSecrets ?? atHand)].filter(
    (recipient) => named.has(recipient) && recipient !== input.next,
  )
  const commits = eachPlace(places).flatMap(({ commit }) => commit ?? [])
  const trailers = await readTrailers(repository, commits)
  const known: Known = {
    ...input,
    named,
    inUse: named.union(new Set([...(inSecrets ?? []), ...(input.heldBeside ?? [])])),
    candidates,
    trailers,
  }
  const found = await findOld(known)
  if ('findings' in found) return found
  const { old, by } = found
  const next = found.next === undefined ? await findNext(known, old) : { next: found.next, unsure: [] }
  const ended = hasBegun(known, old, next.next) ? undefined : await findEnded(known, old)
  return { old, by, ...next, ended }
}

/** Whether it is certain that a rotation has begun: recipients stand beside each other for other reasons as well. */
function hasBegun(known: Known, old: string, next: string | undefined): boolean {
  const { inUse, trailers, successors, places } = known
  if (next === undefined || !inUse.has(next)) return false
  const isTold = trailers.some((one) => one.old === old && one.next === next)
  return isTold || next === known.next || successors?.get(next) === old || isUncommitted(places, next)
}

type Found = Pick<DerivedRotation, 'old' | 'by'> & { next?: string | undefined }

async function findOld(known: Known): Promise<Found | { findings: Finding[] }> {
  const { old, next, candidates, inUse, places } = known
  if (old !== undefined) return (await isKnown(known, old)) ? { old, by: 'flag', next } : unknownOld(old)
  const open = known.trailers.find(
    (one) =>
      inUse.has(one.old) &&
      inUse.has(one.next) &&
      (next === undefined || one.next === next) &&
      (candidates.length === 0 || candidates.includes(one.old) || candidates.includes(one.next)),
  )
  if (open) return { ...open, by: 'trailer' }
  const [first, second, ...more] = candidates
  if (first === undefined) return nothingListed(known)
  if (second === undefined) {
    const former = await formerOf(known, first)
    return former === undefined
      ? { old: first, by: 'only', next }
      : { old: former, next: first, by: 'history' }
  }
  if (more.length > 0 || !(await mayRotate(known, first, second))) return unclearOld(known)
  const past = await places.past()
  const [one, other] = [ageOfRecipient(past, first), ageOfRecipient(past, second)]
  if (one === other) return unclearOld(known)
  const rotation = one > other ? { old: first, next: second } : { old: second, next: first }
  return { ...rotation, by: 'history' }
}

/** Whether a recipient is in use, or was once. */
async function isKnown({ inUse, trailers, places }: Known, recipient: string): Promise<boolean> {
  if (inUse.has(recipient) || trailers.some(({ old }) => old === recipient)) return true
  return ageOfRecipient(await places.past(), recipient) >= 0
}

/**
 * The recipient that the only one which files list has taken the place of: where a key Secret still has both, or where its identity is
 * at hand and a file that came late still lists it.
 */
async function formerOf(known: Known, now: string): Promise<string | undefined> {
  const { places, named, atHand, keySecrets = [] } = known
  const inSecrets = keySecrets.filter((all) => all.includes(now)).flat()
  const late = atHand.filter((one) => named.has(one) && !areBeside(places, one, now))
  return takenOver(
    known,
    [...inSecrets, ...late].filter((one) => one !== known.next),
    now,
  )
}

/** The one of some recipients that another one has taken the place of; `undefined` where it is none, or several are. */
async function takenOver(
  { places }: Known,
  recipients: readonly string[],
  now: string,
): Promise<string | undefined> {
  const others = [...new Set(recipients)].filter((one) => one !== now)
  if (others.length === 0) return undefined
  const past = await places.past()
  const former = others.filter((one) => hasTakenOver(places, past, one, now))
  return former.length === 1 ? former[0] : undefined
}

/** An identity that was retired stays at hand, for what git has of the past. */
async function findEnded(known: Known, now: string): Promise<Rotation | undefined> {
  const { trailers, inUse, atHand } = known
  const told = trailers.find((past) => past.next === now && !inUse.has(past.old))
  if (told) return told
  const retired = atHand.filter((one) => !inUse.has(one))
  const old = await takenOver(known, retired, now)
  return old === undefined ? undefined : { old, next: now }
}

/**
 * Whether of two recipients one can take the place of the other. Clusters that each have a key of their own don't rotate, and people
 * have several keys at hand.
 */
async function mayRotate(known: Known, one: string, other: string): Promise<boolean> {
  const { places, keySecrets } = known
  if (keySecrets) {
    const areTogether = keySecrets.some((all) => all.includes(one) && all.includes(other))
    if (!areTogether) return false
    if (areBeside(places, one, other)) return true
  } else if (isUncommitted(places, one) !== isUncommitted(places, other)) return true
  const past = await places.past()
  return (
    hasTakenOver(places, past, one, other) ||
    hasTakenOver(places, past, other, one) ||
    comesBeside(known, past, one, other) ||
    comesBeside(known, past, other, one)
  )
}

function unknownOld(recipient: string): { findings: Finding[] } {
  return {
    findings: [finding('old-not-listed', { object: '--old' }, { recipient: shortRecipient(recipient) })],
  }
}

function nothingListed({ keySecrets, atHand }: Known): { findings: Finding[] } {
  const holders = [...new Set(keySecrets?.flat() ?? atHand)]
  const where = keySecrets ? 'in the key Secrets' : 'at hand'
  const object = 'the repository'
  return {
    findings: [
      holders.length === 0
        ? finding('old-unknown', { object }, { where })
        : finding('no-listed-identity', { object }, { where, recipients: listRecipients(holders) }),
    ],
  }
}

async function unclearOld({ candidates, places, repository }: Known): Promise<{ findings: Finding[] }> {
  const place = { object: 'the repository' }
  const past = await places.past()
  const byAge = candidates.toSorted((a, b) => ageOfRecipient(past, b) - ageOfRecipient(past, a))
  const facts = { recipients: listRecipients(byAge) }
  const shallow = (await isShallow(repository)) ? [finding('history-shallow', place, {})] : []
  return { findings: [finding('old-unclear', place, facts), ...shallow] }
}
