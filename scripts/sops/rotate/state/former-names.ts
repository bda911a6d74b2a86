import type { Repository } from '../../../lib/git/git.ts'
import { run } from '../../../lib/run.ts'
import { type PastVersion, type PastVersions, readPast } from './past.ts'

/** How often a file may have got another name. */
const most = 5

/**
 * The versions that files had under other names, before a commit brought their names. git tells a file that moved by what is in it.
 * @param commits whose history is meant
 * @param past of the files by the names that they have
 * @returns nothing of a file that never moved
 */
export async function namesBefore(
  repository: Repository,
  commits: readonly string[],
  past: PastVersions,
  files: ReadonlySet<string>,
): Promise<Map<string, PastVersion[]>> {
  const found = new Map<string, PastVersion[]>()
  /** The names that are followed, each with the file that has come of it. */
  let followed = new Map([...files].map((file) => [file, file] as const))
  let versions = past
  for (let turn = 0; turn < most && followed.size > 0; turn++) {
    const names = await renamedTo(repository, versions, followed)
    versions = await readPast(repository, names.size > 0 ? commits : [], (file) =>
      names.has(file) ? 'sops' : undefined,
    )
    for (const [name, file] of names)
      found.set(file, [...(found.get(file) ?? []), ...(versions.get(name) ?? [])])
    followed = names
  }
  return found
}

/** @returns the former names, each with the file that has come of it */
async function renamedTo(
  { root: cwd, env, signal }: Repository,
  versions: PastVersions,
  followed: ReadonlyMap<string, string>,
): Promise<Map<string, string>> {
  const firsts = [...followed.keys()].flatMap((name) => versions.get(name)?.at(-1)?.commit ?? [])
  if (firsts.length === 0) return new Map()
  const args = ['git', 'log', '--no-walk', '--stdin', '--name-status', '--diff-filter=R', '-M', '-z']
  const input = `${[...new Set(firsts)].join('\n')}\n`
  const shape = ['--no-ext-diff', '--format=']
  const log = await run([...args, ...shape], { cwd, env, signal, input })
  const moves = [...log.matchAll(/R\d+\0([^\0]+)\0([^\0]+)\0/g)]
  return new Map(
    moves.flatMap(([, before = '', after = '']) => {
      const file = followed.get(after)
      return file === undefined ? [] : [[before, file] as const]
    }),
  )
}
