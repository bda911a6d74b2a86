import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { finding, severityOf } from '../../../findings/finding.ts'
import { exit } from '../../../lib/errors.ts'
import { headOf } from '../../../lib/git/commit.ts'
import { type Repository, shortCommit } from '../../../lib/git/git.ts'
import { shellWord } from '../../../lib/paths.ts'
import { readListedFile } from '../../../lib/sops/encrypted-files.ts'
import type { NextKey } from '../key/next-key.ts'
import { refuseFor, sayFinding } from '../refusal.ts'
import type { FileEdit } from '../rotation.ts'
import type { DepartureRun } from '../run.ts'
import type { PlannedEdits } from './plan-edits.ts'
import { countedFiles, diffOfEdits, mergeEdits, refuseDirty, writeEdits } from './write-edits.ts'

/** What a stage has written. */
export interface WrittenStage {
  /** Relative to the root. */
  files: string[]
  commit: string | undefined
  /** What is written in the layout of sops. */
  rewritten: string[]
}

/**
 * Writes what a stage has planned, all or nothing; with `--dry-run` it prints it.
 * @param subject of the commit
 * @param keep keeps the identity that the files are encrypted to, as soon as nothing stands in the way; taken back where none of them
 *   could be written
 * @returns `undefined` where nothing was written
 * @throws UserError (exit 1) where a file stands in the way
 */
export async function writeStage(
  run: DepartureRun,
  planned: PlannedEdits,
  subject: string,
  keep?: NextKey['keep'],
): Promise<WrittenStage | undefined> {
  const { options, rotation } = run
  const { caller } = options
  const { repository, places } = run.stand.survey
  requireMerged(run)
  const sparse = places.unread.filter(({ code }) => code === 'checkout-sparse')
  refuseFor(sparse, run, exit.notDone)
  const blocking = planned.left.filter((found) => severityOf(found) === 'error')
  for (const found of planned.left) if (!blocking.includes(found)) sayFinding(found, run)
  refuseFor(blocking, run)
  refuseFor(
    planned.troubles.map(({ finding }) => finding),
    run,
  )
  const edits = mergeEdits(planned.edits)
  if (edits.length === 0) return undefined
  const files = edits.map(({ file }) => file)
  if (options.dryRun) {
    for (const line of diffOfEdits(edits)) caller.say(line)
    return undefined
  }
  if (options.commit) await refuseDirty(repository, files, caller)
  const forget = await keep?.()
  const wanted = options.commit ? { subject, rotation } : undefined
  const commit = await writeEdits(repository, edits, wanted, caller).catch(async (error: unknown) => {
    if (await areAsBefore(repository, edits, places.head?.commit)) forget?.()
    throw error
  })
  return { files, commit, rewritten: edits.flatMap(({ file, isRewritten }) => (isRewritten ? file : [])) }
}

/** Whether no file and no commit has anything of some edits. A hook may change a file, which is not put back then. */
async function areAsBefore(
  { root, env }: Repository,
  edits: readonly FileEdit[],
  head: string | undefined,
): Promise<boolean> {
  // in spite of an interruption
  const repository = { root, env }
  const isBefore = edits.every(
    ({ file, before }) => existsSync(join(root, file)) && readListedFile(repository, file) === before,
  )
  return isBefore && (await headOf(repository)) === head
}

/** What was written, on one line: `12 files, commit 1a2b3c4`. */
export function writtenAsText({ files, commit, rewritten }: WrittenStage): string {
  const layout = rewritten.length > 0 ? `, ${rewritten.length} in the layout of sops` : ''
  return `${countedFiles(files.length)}${layout}, ${commit === undefined ? 'not committed' : `commit ${shortCommit(commit)}`}`
}

/** What a merge leaves in a file says nothing of who opens it. @throws UserError (exit 1) where one is not finished */
export function requireMerged(run: DepartureRun): void {
  const found = run.stand.survey.places.conflicted.map((file) =>
    finding('merge-unfinished', { file }, { file }),
  )
  refuseFor(found, run)
}

/** What others have pushed would be left out. @throws UserError (exit 1) where encrypted files or rules of the branch are not here */
export function requirePulled(run: DepartureRun): void {
  const { standing, survey } = run.stand
  if (!standing.isBehind) return
  const { tip } = survey.places
  const [remote, branch] = [`${tip?.remote}`, `${tip?.name}`].map(shellWord) as [string, string]
  const object = `branch ${tip?.remote}/${tip?.name}`
  refuseFor([finding('branch-ahead', { object }, { remote, branch })], run)
}
