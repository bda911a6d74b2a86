import type { Caller } from '../caller.ts'
import type { CommandError } from '../errors.ts'
import { failingBuilds } from './build.ts'
import type { KustomizationFile } from './kustomization-file.ts'

/** Directories whose kustomization includes one of some files, directly or through others. Relative to the root. */
export interface Inclusions {
  /** Those that are in no other one of them, sorted: their builds build all the others. */
  tops: readonly string[]
  /** Those of them that the kustomization of a directory includes itself. */
  below(directory: string): readonly string[]
}

/**
 * @param kustomizations of the repository
 * @param files what is included; of a directory, its own kustomization counts as well
 */
export function inclusionsOf(
  kustomizations: readonly KustomizationFile[],
  files: readonly string[],
): Inclusions {
  const own = new Map<string, Set<string>>()
  const parents = new Map<string, string[]>()
  for (const { directory, resources, components } of kustomizations) {
    const included = own.get(directory) ?? new Set()
    own.set(directory, included)
    for (const path of [...resources, ...components]) {
      included.add(path)
      const known = parents.get(path)
      if (known) known.push(directory)
      else parents.set(path, [directory])
    }
  }
  const reached = new Set(files)
  for (const path of reached) for (const parent of parents.get(path) ?? []) reached.add(parent)
  const including = new Set([...reached].filter((path) => own.has(path)).toSorted())
  const below = (directory: string) => [...(own.get(directory) ?? [])].filter((path) => including.has(path))
  const isTop = (directory: string) => !(parents.get(directory) ?? []).some((one) => including.has(one))
  const tops = [...including].filter(isTop)
  const covered = withAllBelow(tops, below)
  // those that include each other, which kustomize refuses
  return { tops: [...tops, ...[...including].filter((directory) => !covered.has(directory))], below }
}

function withAllBelow(directories: Iterable<string>, below: Inclusions['below']): Set<string> {
  const found = new Set(directories)
  for (const directory of found) for (const one of below(directory)) found.add(one)
  return found
}

/**
 * Finds out what can't be built. A build that succeeds proves all that it includes; below one that fails, each part is
 * built by itself.
 * @param root of the repository, absolute
 * @returns what went wrong, for each that can't be built: what includes others comes before them
 * @throws UserError where kustomize is missing
 */
export async function failingInclusions(
  root: string,
  { tops, below }: Inclusions,
  caller: Pick<Caller, 'env' | 'signal' | 'status'>,
): Promise<Map<string, CommandError>> {
  const failing = new Map<string, CommandError>()
  const done = new Set<string>()
  for (let level = tops; level.length > 0; ) {
    const found = await failingBuilds(root, level, caller)
    const built = withAllBelow(
      level.filter((directory) => !found.has(directory)),
      below,
    )
    for (const directory of [...level, ...built]) done.add(directory)
    for (const [directory, error] of found) failing.set(directory, error)
    level = [...new Set([...found.keys()].flatMap(below))].filter((directory) => !done.has(directory))
  }
  return failing
}
