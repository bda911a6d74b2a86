import { callGit, literalPathspecs, type Repository } from '../../git/git.ts'
import { hasCommit, readBlobs } from '../../git/git-objects.ts'
import { openFile } from '../reader/open-file.ts'
import type { SopsFormat } from '../reader/reading.ts'

/** How many versions of a file are read. */
const most = 50

/**
 * What was in a file in its older versions, also under other names of the file.
 * @param commit the version to begin with, which is among them; that of the working tree where it is not given
 * @returns each text once, the newest first; none where git knows no other version
 */
export async function textsInHistory(
  repository: Repository,
  file: string,
  commit = 'HEAD',
): Promise<string[]> {
  if (!(await hasCommit(repository, commit))) return []
  const log = ['log', '--format=', '--raw', '--no-abbrev', '--follow', `--max-count=${most}`, commit, '--']
  const listed = await callGit(repository, [...log, ...literalPathspecs([file])])
  const blobs = [...listed.matchAll(/^:\d+ \d+ (\w+) (\w+) /gm)].flatMap(([, from = '', to = '']) => [
    to,
    from,
  ])
  const texts = await readBlobs(
    repository,
    blobs.filter((blob) => !/^0+$/.test(blob)),
  )
  return [...texts.values()]
}

/**
 * The paths that values of a file had in its older versions.
 * @param commit as in `textsInHistory`
 * @returns each once, the newest first
 */
export async function pathsInHistory(
  repository: Repository,
  file: string,
  { format, commit }: { format: SopsFormat; commit: string | undefined },
): Promise<string[][]> {
  const found = new Map<string, string[]>()
  for (const text of await textsInHistory(repository, file, commit)) {
    const { values } = await openFile(Buffer.from(text), file, { format })
    for (const { path } of values) found.set(path.join('\0'), [...path])
  }
  return [...found.values()]
}
