import { ageRecipients, type KeyGroup, recipientsAmong } from '../../../lib/sops/recipients.ts'
import type { DeriveInput } from './known.ts'
import type { PastVersions } from './past.ts'
import { eachPlace, type Places, type RotationPlace } from './places.ts'

/** The age recipients that the files of a place list, and that its rules name. */
export function recipientsNamed({ files, rules }: RotationPlace): Set<string> {
  return new Set([
    ...[...files.values()].flatMap(({ documents }) => recipientsAmong(documents)),
    ...[...rules.values()].flatMap(ageRecipients),
  ])
}

/** Whether any file, at any place, lists two recipients beside each other: in one key group, of which either opens the share. */
export function areBeside(places: Places, one: string, other: string): boolean {
  const areIn = ({ age }: KeyGroup) => age.includes(one) && age.includes(other)
  return eachPlace(places).some(({ files }) =>
    [...files.values()].some(({ documents }) => documents.some(({ groups }) => groups.some(areIn))),
  )
}

/** Whether a file lists a recipient today, and not another one, which an older version of it listed without the first. */
export function hasTakenOver(places: Places, past: PastVersions, old: string, next: string): boolean {
  return eachPlace(places).some(({ files }) =>
    [...files.values()].some(({ file, documents }) => {
      const listed = recipientsAmong(documents)
      if (!listed.includes(next) || listed.includes(old)) return false
      return past.get(file)?.some(({ recipients }) => recipients.has(old) && !recipients.has(next))
    }),
  )
}

/**
 * Whether a recipient was made to take the place of another one and has come beside it, as far as the key file and the files tell; on
 * the way back, where it once was there alone, that is not so.
 */
export function comesBeside(
  { places, successors }: Pick<DeriveInput, 'places' | 'successors'>,
  past: PastVersions,
  old: string,
  next: string,
): boolean {
  if (successors?.get(next) !== old || !areBeside(places, old, next)) return false
  return ![...past.values()].flat().some(({ recipients }) => recipients.has(next) && !recipients.has(old))
}

/** How many commits came after the first that named a recipient; -1 where none has yet. */
export function ageOfRecipient(past: PastVersions, recipient: string): number {
  const ages = [...past.values()].flatMap((versions) =>
    versions.filter(({ recipients }) => recipients.has(recipient)).map(({ age }) => age),
  )
  return ages.reduce((oldest, age) => Math.max(oldest, age), -1)
}

/** Whether only the working tree names a recipient. */
export function isUncommitted(places: Places, recipient: string): boolean {
  const { workingTree, head } = places
  return (
    head !== undefined && recipientsNamed(workingTree).has(recipient) && !recipientsNamed(head).has(recipient)
  )
}

/**
 * Those of some recipients that no file and no rule has ever named, as far as git knows here: an identity that was retired stays in
 * its key file, and is no new one.
 */
export async function neverNamed(places: Places, recipients: readonly string[]): Promise<string[]> {
  const today = eachPlace(places).map(recipientsNamed)
  const unnamed = recipients.filter((recipient) => !today.some((named) => named.has(recipient)))
  if (unnamed.length === 0) return []
  const past = await places.past()
  return unnamed.filter((recipient) => ageOfRecipient(past, recipient) < 0)
}
