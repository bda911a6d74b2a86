import { shortCommit } from '../../../../lib/git/git.ts'
import type { FileVersion } from '../../../../lib/git/git-objects.ts'

/** What was found in the older versions of one file. */
export interface Past {
  file: string
  /** Each with its age, in any order. */
  commits: Map<string, number>
  /** What was found, each with the digests that it had. */
  found: Map<string, Set<string>>
}

/** Adds what was found in a version. @param key tells apart what is said by itself */
export function remember(
  pasts: Map<string, Past>,
  key: string,
  { file, commit, age }: FileVersion,
  found: Iterable<readonly [what: string, digest: string]>,
): void {
  const past = pasts.get(key) ?? { file, commits: new Map(), found: new Map() }
  pasts.set(key, past)
  past.commits.set(commit, age)
  for (const [what, digest] of found) past.found.set(what, (past.found.get(what) ?? new Set()).add(digest))
}

/** The commit that began it, and how many more there are: `commit 1234567 and 2 later`. */
export function commitsAsText({ commits }: Past): string {
  const [[oldest] = ['']] = [...commits].toSorted(([, a], [, b]) => b - a)
  const first = `commit ${shortCommit(oldest)}`
  return commits.size === 1 ? first : `${first} and ${commits.size - 1} later`
}
