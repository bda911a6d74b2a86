import { posix } from 'node:path'
import { UserError } from '../../lib/errors.ts'
import type { Repository } from '../../lib/git/git.ts'
import { attempt } from '../../lib/run.ts'
import { plainPath, plainSync, type Sync } from './syncs.ts'

/** Where the cluster's Flux Kustomizations are when nothing in the repository says so. */
const usualPath = 'kubernetes/flux-system'

/**
 * Which cluster of the repository the sandbox is.
 * @param given the path that the user has named: that of the cluster's Kustomization, or the directory of the file that names it
 * @param syncs the clusters that the repository names
 * @throws UserError where that is not clear, or its directory is not in the last commit
 */
export async function chooseSync(
  repository: Repository,
  branch: string,
  given: string | undefined,
  syncs: readonly Sync[],
): Promise<Sync> {
  const sync = given === undefined ? onlyOne(syncs) : named(plainPath(given), syncs)
  const { root: cwd, env } = repository
  const { code, stdout } = await attempt(['git', 'cat-file', '-t', objectOf(sync.path)], { cwd, env })
  if (code === 0 && stdout.trim() === 'tree') return sync
  const why = given === undefined && sync.file !== undefined ? `, which ${sync.file} names` : ''
  throw new UserError(
    `cannot serve this repository: the last commit of ${branch} has no directory ${sync.path}${why}`,
    { hint: "name the directory of the cluster's Flux Kustomizations with --path, and commit it" },
  )
}

function objectOf(path: string): string {
  return path === '.' ? 'HEAD^{tree}' : `HEAD:${path}`
}

function onlyOne(syncs: readonly Sync[]): Sync {
  if (syncs.length > 1)
    throw new UserError(
      `which cluster of this repository? ${syncs.map(({ path, file }) => `${path} (${file})`).join(', ')}`,
      { hint: `name one: --path ${syncs[0]?.path}` },
    )
  return syncs[0] ?? plainSync(usualPath)
}

/** The directory of `gotk-sync.yaml`, and the one above it, which was given to bootstrap, mean its cluster as well. */
function named(path: string, syncs: readonly Sync[]): Sync {
  const isAround = ({ file, patches }: Sync) =>
    patches === 'beside' &&
    [posix.dirname(file ?? ''), posix.dirname(posix.dirname(file ?? ''))].includes(path)
  return syncs.find((sync) => sync.path === path) ?? syncs.find(isAround) ?? plainSync(path)
}
