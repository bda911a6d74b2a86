import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { Caller } from '../../../lib/caller.ts'
import { unifiedDiff } from '../../../lib/diff.ts'
import { keepIf, replaceFiles } from '../../../lib/file-changes.ts'
import { commitFiles, refuseUncommitted } from '../../../lib/git/commit.ts'
import { callGit, type Repository } from '../../../lib/git/git.ts'
import { namesFrom } from '../../../lib/paths.ts'
import { inStaging } from '../../../lib/temporary-directory.ts'
import type { Departure, FileEdit } from '../rotation.ts'

/** What a stage commits, and why. */
export interface StageCommit {
  /** The first line of its message. */
  subject: string
  rotation: Departure
}

/** The first lines of the commits, by what they do. */
export const commitSubjects = {
  share: 'feat(sops): encrypt to a new age key as well',
  'cut-over': 'feat(sops): replace the age key and the data keys',
  retire: 'chore(sops): remove the old age identity',
  abort: 'revert(sops): encrypt to the old age key alone',
  remove: 'feat(sops): take an age recipient out, with new data keys',
} as const

/** The name of the directory in which the files are written. */
const directoryName = '.sops-rotate-files'

/** Several edits of one file, one after the other, as one; those that change nothing in the end are left out. */
export function mergeEdits(edits: readonly FileEdit[]): FileEdit[] {
  const merged = new Map<string, FileEdit>()
  for (const edit of edits) {
    const first = merged.get(edit.file)
    const isRewritten = first?.isRewritten || edit.isRewritten
    merged.set(edit.file, {
      file: edit.file,
      before: first?.before ?? edit.before,
      after: edit.after,
      ...(isRewritten && { isRewritten }),
    })
  }
  return [...merged.values()].filter(({ before, after }) => before !== after)
}

/**
 * Refuses what could not be committed, before anything is done that takes time.
 * @param files relative to the root
 */
export async function refuseDirty(
  repository: Repository,
  files: readonly string[],
  caller: Caller,
): Promise<void> {
  await refuseUncommitted(repository, files, (file) => namesFrom(caller.cwd)(join(repository.root, file)))
}

/**
 * Writes all edits or none, and commits just these files where that is wanted; where the commit fails they are put back.
 * @param commit `undefined`: they stay in the working tree
 * @returns the commit
 * @throws UserError where a file has changed meanwhile or can't be written
 */
export async function writeEdits(
  repository: Repository,
  edits: readonly FileEdit[],
  commit: StageCommit | undefined,
  caller: Caller,
): Promise<string | undefined> {
  const nameOf = namesFrom(caller.cwd)
  const changes = edits.map(({ file, before, after }) => ({
    path: join(repository.root, file),
    before,
    after,
  }))
  const gitDirectory = (await callGit(repository, ['rev-parse', '--absolute-git-dir'])).replace(/\n$/, '')
  const { dev } = statSync(gitDirectory)
  inStaging(directoryName, gitDirectory, (staging) => {
    // what a killed run leaves there is no file of the working tree
    const staged = changes.map((change) => ({
      ...change,
      ...(statSync(change.path).dev === dev && { staging }),
    }))
    replaceFiles(staged, nameOf)
  })
  if (!commit) return undefined
  const files = edits.map(({ file }) => file)
  return keepIf(changes, { nameOf, note: caller.note }, () =>
    commitFiles(repository, files, messageOf(commit, files.length), caller.note),
  )
}

/** The trailers tell later runs which key is the old one (git interpret-trailers(1)). */
function messageOf({ subject, rotation: { old, next } }: StageCommit, files: number): string {
  return [
    subject,
    '',
    `${countedFiles(files)}.`,
    '',
    `Age-Recipient-Old: ${old}`,
    ...(next === undefined ? [] : [`Age-Recipient-New: ${next}`]),
  ].join('\n')
}

/** `1 file`, `2 files` */
export function countedFiles(count: number): string {
  return `${count} file${count === 1 ? '' : 's'}`
}

/** The edits as a diff that `git apply` takes. */
export function diffOfEdits(edits: readonly FileEdit[]): string[] {
  return edits.flatMap(({ file, before, after }) =>
    unifiedDiff(file, before, after).replace(/\n$/, '').split('\n'),
  )
}
