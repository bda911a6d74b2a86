import { type Finding, finding } from '../../../findings/finding.ts'
import type { Repository } from '../../../lib/git/git.ts'
import { isShallow } from '../../../lib/git/git-objects.ts'
import { dataKeyMarks } from '../../../lib/sops/format.ts'
import { type Departure, type Listed, listedIn } from '../rotation.ts'
import { namesBefore } from './former-names.ts'
import type { PastVersion } from './past.ts'
import { eachPlace, type PlacedFile, type PlaceName, type Places, placeNames } from './places.ts'

/** How a file stands in a rotation: `re-wrapped` is `new-only`, but with a data key that the old recipient could open. */
export type FileStatus = Listed | 're-wrapped'

/** A SOPS file and how it stands at each place that has it. */
export interface FileState extends Partial<Record<PlaceName, FileStatus>> {
  /** Relative to the root of the repository. */
  file: string
  isEmbedded: boolean
}

/** How all SOPS files stand. */
export interface FileStates {
  /** In the order of their names. */
  states: FileState[]
  /** What of the past could not be looked at, where it matters. */
  unread: Finding[]
}

/**
 * Tells how each file stands at each place. No key is needed: what two texts have in common tells that they have the same data key.
 * @param rotation where the old recipient goes without a successor, a file that lists it no longer is `neither`, or `re-wrapped`
 */
export async function fileStates(
  places: Places,
  rotation: Departure,
  repository: Repository,
): Promise<FileStates> {
  const { old, next } = rotation
  const gone: Listed = next === undefined ? 'neither' : 'new-only'
  const states = new Map<string, FileState>()
  const moved: Moved[] = []
  for (const name of placeNames)
    for (const [file, placed] of places[name]?.files ?? []) {
      const state = states.get(file) ?? { file, isEmbedded: placed.isEmbedded }
      states.set(file, state)
      const status = listedIn(placed.documents, rotation)
      state[name] = status
      if (status === gone) moved.push({ state, name, placed })
    }
  for (const { state, name } of await keptAmong(moved, places, old, repository)) state[name] = 're-wrapped'
  const isUnsure = moved.length > 0 && (await isShallow(repository))
  return {
    states: [...states.values()].toSorted((a, b) => (a.file < b.file ? -1 : 1)),
    unread: isUnsure ? [finding('history-shallow', { object: 'the repository' }, {})] : [],
  }
}

/** A file at a place where it lists the old recipient no longer. */
interface Moved {
  state: FileState
  name: PlaceName
  placed: PlacedFile
}

/** Those that have a data key which the old recipient could open. */
async function keptAmong(
  moved: readonly Moved[],
  places: Places,
  old: string,
  repository: Repository,
): Promise<Moved[]> {
  if (moved.length === 0) return []
  const past = await places.past()
  const versionsOf = (file: string) => past.get(file) ?? []
  const isKept = ({ placed }: Moved, versions: readonly PastVersion[]) => hasKeyOf(placed.text, versions, old)
  const kept = moved.filter((one) => isKept(one, versionsOf(one.placed.file)))
  const strange = moved.filter(
    ({ placed }) => !versionsOf(placed.file).some(({ recipients }) => recipients.has(old)),
  )
  const files = new Set(strange.map(({ placed }) => placed.file))
  const commits = eachPlace(places).flatMap(({ commit }) => commit ?? [])
  const former = await namesBefore(repository, commits, past, files)
  const renamed = strange.filter((one) => {
    const { file } = one.placed
    return isKept(one, [...versionsOf(file), ...(former.get(file) ?? [])])
  })
  return [...kept, ...renamed]
}

/**
 * Whether a text has a data key that a recipient could open in an older version of it. Versions are followed by what each has in
 * common with another: when recipients and values have changed one after the other, the last has nothing of the first any more.
 */
function hasKeyOf(text: string, past: readonly PastVersion[], old: string): boolean {
  const marks = dataKeyMarks(text)
  let versions = past
  for (;;) {
    const same = versions.filter((one) => !one.marks.isDisjointFrom(marks))
    if (same.length === 0) return false
    if (same.some(({ recipients }) => recipients.has(old))) return true
    for (const one of same) for (const mark of one.marks) marks.add(mark)
    versions = versions.filter((one) => !same.includes(one))
  }
}
