import { isUtf8 } from 'node:buffer'
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { type Finding, finding } from '../../../findings/finding.ts'
import { callGit, findRepositoryRoot, type Repository } from '../../../lib/git/git.ts'
import { gitignoreLine, pathBelow } from '../../../lib/paths.ts'
import { failure } from '../../../lib/program.ts'
import { attempt } from '../../../lib/run.ts'
import { findKeyFileProblems } from '../../../lib/sops/key-file.ts'
import { shortRecipient } from '../../../lib/sops/recipients.ts'
import { keyPlaceOf } from '../../new-key/key-place.ts'

/** A key file as it is on the disk. */
export interface KeyFileSpot {
  /** Absolute, links resolved; it need not be there. */
  file: string
  /** The repository whose working tree it is in; it need not be the one that is rotated. */
  repository: Repository | undefined
  /** An absolute directory on the same disk: nothing that is in it for a moment gets into git. */
  staging: string
}

/** Where a key file is, or is to be. @param file absolute */
export async function spotOf(
  file: string,
  { env, signal }: Pick<Repository, 'env' | 'signal'>,
): Promise<KeyFileSpot> {
  const directory = directoryAbove(file)
  const real = existsSync(file)
    ? realpathSync(file)
    : join(realpathSync(directory), file.slice(directory.length))
  const around = existsSync(file) ? dirname(real) : realpathSync(directory)
  const root = await findRepositoryRoot(around, env)
  if (root === undefined) return { file: real, repository: undefined, staging: around }
  const repository = { root, env, signal }
  const staging = (await callGit(repository, ['rev-parse', '--absolute-git-dir'])).replace(/\n$/, '')
  return { file: real, repository, staging }
}

/** The nearest directory around a file that is there. */
function directoryAbove(file: string): string {
  const directory = dirname(file)
  return existsSync(directory) ? directory : directoryAbove(directory)
}

/** What is to be done with a key file. */
export interface KeyFileUse {
  /** The recipient of an identity in it. */
  recipient: string
  /** Whether the repository encrypts to that. */
  isUsed: boolean
  /** Lines are to be added to it, or it is to be made. */
  isWritten: boolean
}

/**
 * Why an identity may not be in a file, or not be put into it: git has the file or would take it, others can read it.
 * @param file absolute @param own the repository that is rotated
 */
export async function keyFileRefusals(file: string, use: KeyFileUse, own: Repository): Promise<Finding[]> {
  const spot = await spotOf(file, own)
  const found = [
    ...(await gitRefusals(spot, use, own)),
    ...(isReadable(spot.file)
      ? [finding('key-file-readable', keyPlaceOf(spot.file, own.root), { file: nameIn(own, spot.file) })]
      : []),
  ]
  return use.isWritten ? [...found, ...writeRefusals(spot, own)] : found
}

async function gitRefusals(
  { file, repository }: KeyFileSpot,
  { recipient, isUsed }: KeyFileUse,
  own: Repository,
): Promise<Finding[]> {
  if (!repository) return []
  const problem = await gitProblem(file, repository)
  if (problem === undefined) return []
  const place = keyPlaceOf(file, own.root)
  if (repository.root !== own.root)
    return [finding('key-in-other-repository', place, { repository: repository.root })]
  const ignoreLine = gitignoreLine(nameIn(own, file))
  if (!existsSync(file)) return [finding('new-key-not-ignored', place, { ignoreLine: `${ignoreLine}*` })]
  const facts = { recipient: shortRecipient(recipient), ignoreLine }
  if (problem === 'not-ignored') return [finding('key-not-ignored', place, facts)]
  return [finding(isUsed ? 'key-in-git' : 'other-key-in-git', place, facts)]
}

/** @returns `undefined` where git leaves the file alone */
async function gitProblem(file: string, repository: Repository) {
  if (existsSync(file)) {
    const problems = await findKeyFileProblems(file, repository)
    return problems.find((problem) => problem !== 'readable-by-others')
  }
  // one that git has, and that was deleted, it does not call ignored
  const { root: cwd, env, signal } = repository
  const outcome = await attempt(['git', 'check-ignore', '--quiet', '--', file], { cwd, env, signal })
  if (outcome.code === 0) return undefined
  if (outcome.code !== 1) throw failure(['git', 'check-ignore'], outcome)
  return 'not-ignored'
}

function isReadable(file: string): boolean {
  return existsSync(file) && (statSync(file).mode & 0o077) !== 0
}

function writeRefusals({ file, staging }: KeyFileSpot, own: Repository): Finding[] {
  const place = keyPlaceOf(file, own.root)
  const isSameDisk = statSync(staging).dev === statSync(directoryAbove(file)).dev
  return [
    ...(existsSync(file) && !isUtf8(readFileSync(file)) ? [finding('key-file-not-text', place, {})] : []),
    ...(isSameDisk ? [] : [finding('git-on-other-disk', place, { directory: basename(staging) })]),
  ]
}

function nameIn({ root }: Repository, file: string): string {
  return pathBelow(root, file) ?? file
}
