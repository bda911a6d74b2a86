import { posix } from 'node:path'
import { finding } from '../../findings/finding.ts'
import { someOf } from '../../findings/some-of.ts'
import type { WholeRevision } from '../../lib/applied/whole-revision.ts'
import { builtDirectory } from '../../lib/cluster/flux-objects.ts'
import { type Repository, shortCommit } from '../../lib/git/git.ts'
import { lastRemoval } from '../../lib/git/git-objects.ts'
import { sourceNodeOf } from '../chain/state.ts'
import type { Explainer } from './failure.ts'

/** Looks for the path of a Kustomization: whether it is left out, was removed, or never was there. */
export const explainPath: Explainer = async ({ kustomization, cause }, { repository, revisionOf }) => {
  const revision = await revisionOf(kustomization)
  if (!revision || !repository) return undefined
  const directory = builtDirectory(kustomization)
  if (revision.directories.has(directory)) return leftOut(directory, sourceNodeOf(kustomization), revision)
  const gone = topmostMissing(directory, revision)
  const removal = await removalOf(gone, revision, repository)
  const commit = removal && shortCommit(removal)
  return finding(
    'path-not-there',
    { object: cause.object },
    {
      path: directory,
      commit: shortCommit(revision.commit),
      near: commit === undefined ? nearest(gone, revision) : `: commit ${commit} has removed ${gone}`,
      or: commit === undefined ? '' : `, or bring back ${gone}`,
    },
  )
}

/** The first directory on the way to one that is not there, which is missing itself. */
function topmostMissing(directory: string, revision: WholeRevision): string {
  const above = posix.dirname(directory)
  return revision.directories.has(above) ? directory : topmostMissing(above, revision)
}

const removals = new WeakMap<WholeRevision, Map<string, Promise<string | undefined>>>()

/** The commit that has removed a directory; many paths that are gone were below the same one, and git is asked once for that. */
function removalOf(directory: string, revision: WholeRevision, repository: Repository) {
  const known = removals.get(revision) ?? new Map<string, Promise<string | undefined>>()
  removals.set(revision, known)
  const removal = known.get(directory) ?? lastRemoval(repository, revision.commit, directory)
  known.set(directory, removal)
  return removal
}

/** That what is in a directory does not get into the artifact. */
function leftOut(directory: string, source: string, revision: WholeRevision) {
  const why = revision.leftOut(directory)
  if (!why) return undefined
  if (why === 'sparse-checkout') return finding('not-checked-out', { object: source }, { file: directory })
  const { by, pattern } = why
  const file = by === undefined || by === 'spec.ignore' ? undefined : by
  const line = file === undefined ? undefined : revision.textOf(file).split(/\r?\n/).lastIndexOf(pattern) + 1
  return finding(
    'out-of-artifact',
    { object: source, file, line },
    {
      by: by ?? 'Flux by itself',
      what: directory,
      pattern,
      directory,
      where: by === undefined ? 'to a .sourceignore' : 'behind it',
    },
  )
}

/** How many directories are listed. */
const most = 5

/** The directory in which one is missing, with those that are in it. */
function nearest(gone: string, { tree: { directories } }: WholeRevision): string {
  const above = posix.dirname(gone)
  const inside = directories.get(above)?.directories.map((path) => posix.basename(path)) ?? []
  const list = inside.length > 0 ? `, with ${someOf(inside, most)}` : ''
  return `; the nearest directory is ${above === '.' ? 'the root' : above}${list}`
}
