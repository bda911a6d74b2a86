import { callGit, literalPathspecs, type Repository } from '../../lib/git.ts'
import { hasCommit, readBlobs } from '../../lib/git-objects.ts'
import { openFile } from '../../lib/sops/reader/open-file.ts'
import type { SopsFormat } from '../../lib/sops/reader/reading.ts'

/** How many versions of a file are read. */
const most = 50

/**
 * The paths that values of a file had in its older versions, also under other names of the file.
 * @returns each once, the newest first; none where git knows no other version
 */
export async function pathsInHistory(
  repository: Repository,
  file: string,
  format: SopsFormat,
): Promise<string[][]> {
  if (!(await hasCommit(repository, 'HEAD'))) return []
  const log = ['log', '--format=', '--raw', '--no-abbrev', '--follow', `--max-count=${most}`, '--']
  const listed = await callGit(repository, [...log, ...literalPathspecs([file])])
  const blobs = [...listed.matchAll(/^:\d+ \d+ (\w+) (\w+) /gm)].flatMap(([, from = '', to = '']) => [
    to,
    from,
  ])
  const texts = await readBlobs(
    repository,
    blobs.filter((blob) => !/^0+$/.test(blob)),
  )
  const found = new Map<string, string[]>()
  for (const text of texts.values()) {
    const { values } = await openFile(Buffer.from(text), file, { format })
    for (const { path } of values) found.set(path.join('\0'), [...path])
  }
  return [...found.values()]
}
