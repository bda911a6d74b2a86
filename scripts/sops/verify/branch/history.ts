import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { commitOf } from '../../../lib/cluster/flux-objects.ts'
import { CommandError } from '../../../lib/errors.ts'

/** Which commits there are, and which of them were made on top of which. */
export interface History {
  /** Whether the repository, or the remote of a shallow one, knows a commit. */
  has(commit: string): Promise<boolean>
  /** Whether a revision of the cluster is `commit` or was made on top of it; no where that cannot be known now. */
  contains(revision: string | undefined, commit: string): Promise<boolean>
  /** Remembers a commit that is there. */
  saw(commit: string): void
  /** Remembers a commit that was made just now: none of those that were seen before can hold it. */
  made(commit: string): void
}

/**
 * @param git `succeeds`: whether a call of git ends well; `fetch`: fetches the branch; `fetchCommit`: one commit; `common`: the
 *   directory that git keeps for the repository
 */
export function makeHistory(git: {
  succeeds(...args: string[]): Promise<boolean>
  fetch(): Promise<unknown>
  fetchCommit(commit: string): Promise<unknown>
  common: string
}): History {
  const seen = new Set<string>()
  const older = new Map<string, ReadonlySet<string>>()
  const answers = new Map<string, Promise<boolean | undefined>>()
  const isKnown = async (commit: string) =>
    seen.has(commit) || git.succeeds('cat-file', '-e', `${commit}^{commit}`)

  /** @returns `undefined` where the commit cannot be fetched now */
  const isAncestor = async (ancestor: string, commit: string) => {
    try {
      if (!(await isKnown(commit))) await git.fetch()
    } catch (error) {
      if (error instanceof CommandError) return undefined
      throw error
    }
    return git.succeeds('merge-base', '--is-ancestor', ancestor, commit)
  }
  return {
    async has(commit) {
      let isThere = await isKnown(commit)
      // a shallow clone lacks what came before its end
      if (!isThere && existsSync(join(git.common, 'shallow'))) {
        await git.fetchCommit(commit)
        isThere = await isKnown(commit)
      }
      if (isThere) seen.add(commit)
      return isThere
    },
    async contains(revision, commit) {
      const other = commitOf(revision)
      if (!other || other === commit) return other === commit
      if (older.get(commit)?.has(other)) return false
      const question = `${commit} ${other}`
      const answer = answers.get(question) ?? isAncestor(commit, other)
      answers.set(question, answer)
      if ((await answer) === undefined) answers.delete(question)
      return (await answer) ?? false
    },
    saw(commit) {
      seen.add(commit)
    },
    made(commit) {
      older.set(commit, new Set(seen))
      seen.add(commit)
    },
  }
}
