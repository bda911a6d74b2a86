import type { Rotation } from './rotation.ts'
import { listedInRules } from './rules/listed-in-rules.ts'
import type { PlaceCounts } from './standing.ts'
import type { FileState } from './state/file-states.ts'
import type { PlaceName, RotationPlace } from './state/places.ts'

/** How many files and rules of a place are in which state. @param options `isLimited`: only some of the files are meant */
export function countPlace(
  name: PlaceName,
  place: RotationPlace,
  states: readonly FileState[],
  rotation: Rotation,
  { isLimited }: { isLimited: boolean },
): PlaceCounts {
  const rules = listedInRules(
    [...place.rules].map(([file, text]) => ({ file, text })),
    rotation,
  )
  const listed = [
    ...states.flatMap((state) => state[name] ?? []),
    ...rules.flatMap(({ status }) => (isLimited && status === 'both' ? [] : status)),
  ]
  const count = (status: (typeof listed)[number]) => listed.filter((one) => one === status).length
  const reWrapped = count('re-wrapped')
  return {
    oldOnly: count('old-only'),
    both: count('both'),
    newOnly: count('new-only') + reWrapped,
    reWrapped,
  }
}
