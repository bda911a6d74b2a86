import { exit } from '../../lib/errors.ts'
import { nextAtHand } from './key/given.ts'
import { chooseNext } from './key/next.ts'
import type { NextChoice } from './key/next-key.ts'
import type { RotateOptions } from './options.ts'
import { rotationRefusal } from './refusal.ts'
import { type Derived, type DerivedRotation, deriveRotation } from './state/derive.ts'
import { neverNamed, recipientsNamed } from './state/named.ts'
import { eachPlace } from './state/places.ts'
import type { Survey } from './survey.ts'

/** Tells what rotates, from what is there. */
export async function readRotation(survey: Survey, options: RotateOptions): Promise<Derived> {
  const { places, repository, clusters, clusterError, ring } = survey
  return deriveRotation({
    places,
    repository,
    keySecrets: options.noCluster || clusterError ? undefined : clusters.flatMap(recipientsInUse),
    heldBeside: clusters.flatMap(recipientsOfSecrets).flat(),
    atHand: ring.identities.map(({ recipient }) => recipient),
    successors: successorsAmong(ring),
    old: options.old,
    next: options.next,
  })
}

/** The identities that their key file says were made to take the place of another one, by its recipient. */
function successorsAmong({ identities }: Survey['ring']): Map<string, string> {
  return new Map(
    identities.flatMap(({ recipient, places }) =>
      places.flatMap(({ comment: { replaces } }) =>
        replaces === undefined ? [] : [[recipient, replaces] as const],
      ),
    ),
  )
}

/** The recipients that files list, rules name and the identities in key Secrets have. */
export function recipientsRotating({ places, clusters }: Pick<Survey, 'places' | 'clusters'>): Set<string> {
  const named = eachPlace(places).flatMap((place) => [...recipientsNamed(place)])
  return new Set([...named, ...clusters.flatMap(recipientsOfSecrets).flat()])
}

/** As `recipientsOfSecrets`, without what nothing decrypts with. */
function recipientsInUse({ secrets }: Survey['clusters'][number]): string[][] {
  const origins = new Set([...secrets.values()].map(({ origin }) => origin))
  return recipientsOfSecrets({
    secrets: new Map([...secrets].filter(([key, { users }]) => users.length > 0 || origins.has(key))),
  })
}

/** @returns the recipients of the identities in each key Secret of a cluster */
function recipientsOfSecrets({ secrets }: Pick<Survey['clusters'][number], 'secrets'>): string[][] {
  return [...secrets.values()].flatMap(({ held }) => (held ? [[...held.recipients]] : []))
}

/**
 * Finds the identity of the new recipient, or makes it; it is kept nowhere yet.
 * @throws UserError (exit 2) where it can't be told which one it is
 */
export async function chooseNextKey(
  survey: Survey,
  derived: DerivedRotation,
  options: RotateOptions,
): Promise<NextChoice> {
  const { ring, repository, places } = survey
  const { newKey, pq, store, caller } = options
  if (derived.next !== undefined) return nextAtHand(derived.next, { ring, newKey, caller, repository })
  if (derived.unsure.length > 0 && newKey === undefined)
    throw rotationRefusal(derived.unsure, { options, stand: { survey } }, exit.notDone)
  const atHand = ring.identities.map(({ recipient }) => recipient)
  // a key that was retired stays at hand, and is none for a new beginning
  const fresh = new Set(await neverNamed(places, atHand))
  const former = atHand.filter((recipient) => !fresh.has(recipient))
  const used = recipientsRotating(survey).union(new Set(former))
  return chooseNext({ ring, old: derived.old, used, newKey, pq, store, caller, repository })
}
