import { callGit, type Repository } from '../../lib/git/git.ts'
import { attempt } from '../../lib/run.ts'
import type { Places, RotationPlace } from './state/places.ts'

/** How HEAD stands to the branch that Flux follows. */
export interface Behind {
  /** The branch has commits that HEAD has not, so that a push would be refused. */
  isBehind: boolean
  /** They have changed files or rules that a rotation is about. */
  isChanged: boolean
}

/** Looks whether others have pushed what is not here. */
export async function readBehind(repository: Repository, { head, branch, tip }: Places): Promise<Behind> {
  const commits = [head?.commit, tip?.commit] as const
  const [own, theirs] = commits
  if (own === undefined || theirs === undefined || branch === undefined || own === theirs)
    return { isBehind: false, isChanged: false }
  const { root: cwd, env, signal } = repository
  const { code, stdout } = await attempt(['git', 'merge-base', own, theirs], { cwd, env, signal })
  const base = stdout.trim()
  if (code !== 0) return { isBehind: true, isChanged: true }
  if (base === theirs) return { isBehind: false, isChanged: false }
  const changed = await callGit(repository, ['diff', '--name-only', '--no-renames', '-z', base, theirs])
  const isOurs = (file: string) => [branch, head].some((place) => holds(place, file))
  return { isBehind: true, isChanged: changed.split('\0').some(isOurs) }
}

function holds(place: RotationPlace | undefined, file: string): boolean {
  return place !== undefined && (place.files.has(file) || place.rules.has(file))
}
