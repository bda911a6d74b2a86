import type { Repository } from '../../../lib/git/git.ts'
import { type FileVersion, listVersions, readManyBlobs } from '../../../lib/git/git-objects.ts'
import { dataKeyMarks } from '../../../lib/sops/format.ts'
import { ageRecipients, readKeyGroups, recipientsAmong } from '../../../lib/sops/recipients.ts'

/** What a version of a file had. */
export interface PastVersion extends FileVersion {
  /** The recipients that it lists, or names as a file with creation rules. */
  recipients: ReadonlySet<string>
  /** What tells its data key; nothing of a file with rules. */
  marks: ReadonlySet<string>
}

/** The versions of files, the newest first, by the names of the files. */
export type PastVersions = ReadonlyMap<string, readonly PastVersion[]>

/**
 * Reads the older versions of files, by two processes.
 * @param commits whose history is meant
 * @param kindOf says of a file whether it is one with rules, a SOPS file, or nothing that is wanted
 */
export async function readPast(
  repository: Repository,
  commits: readonly string[],
  kindOf: (file: string) => 'rules' | 'sops' | undefined,
): Promise<PastVersions> {
  if (commits.length === 0) return new Map()
  // a limit by hundreds of paths would take git longer than all the others
  const listed = await listVersions(repository, commits)
  const versions = listed.filter(({ file }) => kindOf(file) !== undefined)
  const byBlob = Map.groupBy(versions, ({ blob }) => blob)
  // a part of a text would keep the whole of it in memory
  const copies = new Map<string, string>()
  const copyOf = (part: string) => {
    const copy = copies.get(part) ?? Buffer.from(part).toString()
    copies.set(copy, copy)
    return copy
  }
  const known = new Map<string, Pick<PastVersion, 'recipients' | 'marks'>>()
  await readManyBlobs(repository, [...byBlob.keys()], async (text, blob) => {
    const isRules = byBlob.get(blob)?.some(({ file }) => kindOf(file) === 'rules')
    const recipients = isRules ? ageRecipients(text) : recipientsAmong((await readKeyGroups(text)) ?? [])
    known.set(blob, { recipients: new Set(recipients.map(copyOf)), marks: dataKeyMarks(text) })
  })
  const read = versions.flatMap((version) => {
    const content = known.get(version.blob)
    return content ? [{ ...version, ...content }] : []
  })
  return Map.groupBy(read, ({ file }) => file)
}
