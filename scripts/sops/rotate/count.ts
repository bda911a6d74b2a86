import type { Departure } from './rotation.ts'
import { listedInRules } from './rules/listed-in-rules.ts'
import type { PlaceCounts } from './standing.ts'
import type { FileState, FileStatus } from './state/file-states.ts'
import type { PlaceName, RotationPlace } from './state/places.ts'

/** How many files and rules of a place are in which state. @param options `isLimited`: only some of the files are meant */
export function countPlace(
  name: PlaceName,
  place: RotationPlace,
  states: readonly FileState[],
  rotation: Departure,
  { isLimited }: { isLimited: boolean },
): PlaceCounts {
  const rules = statusOfRules(place, rotation).filter((status) => !isLimited || status !== 'both')
  return countStatus([...statusOfFiles(name, states), ...rules])
}

/** How many files of a place are in which state, without the rules. */
export function countFiles(name: PlaceName, states: readonly FileState[]): PlaceCounts {
  return countStatus(statusOfFiles(name, states))
}

/** How many rules of a place are in which state. */
export function countRules(place: RotationPlace, rotation: Departure): PlaceCounts {
  return countStatus(statusOfRules(place, rotation))
}

function statusOfFiles(name: PlaceName, states: readonly FileState[]): FileStatus[] {
  return states.flatMap((state) => state[name] ?? [])
}

function statusOfRules({ rules }: RotationPlace, rotation: Departure): FileStatus[] {
  const texts = [...rules].map(([file, text]) => ({ file, text }))
  return listedInRules(texts, rotation).map(({ status }) => status)
}

function countStatus(all: readonly FileStatus[]): PlaceCounts {
  const count = (status: FileStatus) => all.filter((one) => one === status).length
  const reWrapped = count('re-wrapped')
  return {
    oldOnly: count('old-only'),
    both: count('both'),
    newOnly: count('new-only') + reWrapped,
    reWrapped,
  }
}
