import { posix } from 'node:path'
import { finding } from '../../findings/finding.ts'
import type { WholeRevision } from '../../lib/applied/whole-revision.ts'
import { builtDirectory } from '../../lib/cluster/flux-objects.ts'
import { shortCommit } from '../../lib/git.ts'
import { lastRemoval } from '../../lib/git-objects.ts'
import { sourceNodeOf } from '../chain/state.ts'
import type { Explainer } from './failure.ts'

/** Looks for the path of a Kustomization: whether it is left out, was removed, or never was there. */
export const explainPath: Explainer = async ({ kustomization, cause }, { repository, revisionOf }) => {
  const revision = await revisionOf(kustomization)
  if (!revision || !repository) return undefined
  const directory = builtDirectory(kustomization)
  if (revision.directories.has(directory)) return leftOut(directory, sourceNodeOf(kustomization), revision)
  const removal = await lastRemoval(repository, revision.commit, directory)
  return finding(
    'path-not-there',
    { object: cause.object },
    {
      path: directory,
      commit: shortCommit(revision.commit),
      near: removal === undefined ? nearest(directory, revision) : `: ${shortCommit(removal)} has removed it`,
      or: removal === undefined ? '' : `, or bring back what commit ${shortCommit(removal)} has removed`,
    },
  )
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

/** The nearest directory above that is there, with those in it. */
function nearest(directory: string, { tree: { directories } }: WholeRevision): string {
  let above = posix.dirname(directory)
  while (above !== '.' && !directories.has(above)) above = posix.dirname(above)
  const inside = directories.get(above)?.directories.map((path) => posix.basename(path)) ?? []
  const more = inside.length > most ? ` and ${inside.length - most} more` : ''
  const list = inside.length > 0 ? `, with ${inside.slice(0, most).join(', ')}${more}` : ''
  return `; the nearest directory is ${above}${list}`
}
